//! Keeps one certificate: looks what is due, does it, and outlives whatever goes wrong with it.
//!
//! What is due is said by `renewal`, how an order goes by `order`; here is when they are asked,
//! and what becomes of their answers.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info, warn};

use super::{
    accounts::Accounts,
    authority::{CertificateAuthority, RenewalWindow, ari_id},
    challenge::Challenges,
    challenge_kind::ChallengeKind,
    export,
    history::{Ca, Failure, History, Renewal, Success},
    journal::OrderEntry,
    memory::{Kept, Memory},
    order::{Attempt, Failed, Obtained},
    problem::{Class, Problem},
    progress::Teller,
    proof::Prover,
    renewal::{self, Action, Order, Policy},
    set::CertificateSet,
    state::State,
    store::{Entry, Kind, Lock, Store},
};
use crate::{
    config::model::{Acme, Authority, Host},
    tls::{Slot, SystemRoots, day},
};

/// What all keepers share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) challenges: Challenges,
    pub(super) roots: SystemRoots,
    accounts: Accounts,
    /// Orders at a time; CAs count those of many sites together.
    orders: Arc<Semaphore>,
}

/// Keeps one certificate.
pub(super) struct Keeper {
    name: String,
    hosts: Vec<Host>,
    acme: Arc<Acme>,
    slot: Arc<Slot>,
    shared: Arc<Shared>,
    memory: Mutex<Memory>,
    /// Who wants the certificate renewed now.
    asked: Mutex<Option<Teller>>,
    wake: Notify,
}

const ORDERS: u32 = 4;
/// Wall clocks jump, so they are looked at this often.
const LONGEST: Duration = Duration::from_secs(60);
/// Between two looks whether another process has finished its order.
const ELSEWHERE: Duration = Duration::from_secs(1);

impl Shared {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            accounts: Accounts::new(store.clone()),
            store,
            challenges: Challenges::default(),
            roots: SystemRoots::load(),
            orders: Arc::new(Semaphore::new(ORDERS as usize)),
        }
    }

    /// Waits until no order is under way, and lets none begin while the value lives.
    pub(super) async fn rest(&self) -> Option<OwnedSemaphorePermit> {
        self.orders.clone().acquire_many_owned(ORDERS).await.ok()
    }
}

impl Keeper {
    /// Takes up what is on disk, and serves it.
    pub(super) fn load(
        hosts: &[Host],
        acme: Arc<Acme>,
        slot: Arc<Slot>,
        shared: Arc<Shared>,
    ) -> Self {
        let name = hosts.first().map_or_else(String::new, ToString::to_string);
        let now = OffsetDateTime::now_utc();
        let keeper = Self {
            memory: Mutex::new(Memory::load(shared.store.as_ref(), &name, now)),
            name,
            hosts: hosts.to_vec(),
            acme,
            slot,
            shared,
            asked: Mutex::default(),
            wake: Notify::new(),
        };
        keeper.take_up();
        keeper.take_over_lineage(now);
        keeper
    }

    /// The first host.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is for this host.
    pub(super) fn has(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|it| it.to_string().eq_ignore_ascii_case(host))
    }

    /// Whether it keeps the certificate of these hosts by these settings.
    pub(super) fn is_as(&self, hosts: &[Host], acme: &Acme) -> bool {
        self.hosts == hosts && *self.acme == *acme
    }

    /// How the certificate stands.
    pub(super) fn state(&self, now: OffsetDateTime) -> State {
        self.memory()
            .state(now, &self.hosts, &self.policy(), &self.acme)
    }

    /// Has the certificate renewed now, whatever the schedule.
    pub(super) fn ask(&self, teller: Teller) {
        let before = self.lock_asked().replace(teller);
        if let Some(before) = before {
            before.failed(format!("{}: somebody else has asked for this", self.name));
        }
        self.wake.notify_one();
    }

    /// Tries whether the CA would certify the hosts: at its staging CA in full, if it has one, else
    /// up to the proofs. Nothing is kept.
    ///
    /// # Errors
    /// Cause and cure.
    pub(super) async fn try_out(&self, teller: &Teller) -> Result<(), String> {
        let ca = match self.policy().staging {
            true => Ca::Staging,
            false => Ca::Primary,
        };
        let order = Order {
            ca,
            ..self
                .memory()
                .order_now(&self.hosts, &self.policy(), &self.acme)
        };
        let tried = match ca {
            Ca::Staging => self
                .obtain(&order, teller)
                .await
                .map(|obtained| obtained.challenge),
            _ => self.prove_only(&order, teller).await,
        };
        let told = |failed: Failed| format!("{}: {}", self.name, failed.sentence);
        let by = tried
            .map_err(told)?
            .map_or_else(String::new, |kind| format!(" by {kind}"));
        teller.tell(&self.name, &format!("the CA can see the proof{by}"));
        Ok(())
    }

    /// Keeps the certificate until told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let prover = self.prover();
        tokio::select! {
            () = stop.cancelled() => return,
            () = prover.sweep() => {}
        }
        loop {
            let step = AbortOnDropHandle::new(tokio::spawn(self.clone().step()));
            let pause = tokio::select! {
                () = stop.cancelled() => return,
                ended = step => ended.unwrap_or_else(|fault| self.survive(&fault)),
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Does what is due; returns how long nothing is.
    async fn step(self: Arc<Self>) -> Duration {
        let now = OffsetDateTime::now_utc();
        self.take_up();
        self.save_again();
        self.alarm(now);
        let asked = self.lock_asked().take();
        if let Some(teller) = asked {
            return self.renew_now(now, &teller).await;
        }
        match self.next(now) {
            Action::Order(order) => self.order(&order, &Teller::default()).await,
            Action::PollRenewalInfo => self.poll_renewal_info().await,
            Action::Wait { until, .. } => until_then(until - now),
            Action::ClockWrong { sentence } => self.ask_the_time(&sentence).await,
        }
    }

    fn next(&self, now: OffsetDateTime) -> Action {
        let mut memory = self.memory();
        memory.history.redate(now);
        let standing = memory.standing(&self.hosts, &self.acme);
        renewal::next(now, &standing, &memory.history, &self.policy())
    }

    async fn renew_now(&self, now: OffsetDateTime, teller: &Teller) -> Duration {
        let order = self
            .memory()
            .asked(now, &self.hosts, &self.policy(), &self.acme);
        match order {
            Ok(order) => self.order(&order, teller).await,
            Err(sentence) => {
                teller.failed(format!("{}: {sentence}", self.name));
                Duration::ZERO
            }
        }
    }

    /// Makes an order, unless another process is at it or has made it.
    async fn order(&self, order: &Order, teller: &Teller) -> Duration {
        let turn = self.shared.orders.clone().acquire_owned().await;
        let before = self.memory().issued_at();
        let Some(_alone) = self.lock() else {
            return ELSEWHERE;
        };
        self.take_up();
        if self.memory().issued_at() != before {
            teller.tell(&self.name, "another process has got the certificate");
            teller.done();
            return Duration::ZERO;
        }
        match self.obtain(order, teller).await {
            Ok(obtained) => self.conclude(order.ca, obtained, teller).await,
            Err(failed) => self.fail(order.ca, failed, teller).await,
        }
        drop(turn);
        Duration::ZERO
    }

    /// The lock on the set; held by nobody if the store cannot lock, since nobody else can then.
    fn lock(&self) -> Option<Option<Lock>> {
        match self
            .shared
            .store
            .lock(&Entry::new(Kind::Certificate, &self.name))
        {
            Ok(None) => None,
            Ok(lock) => Some(lock),
            Err(fault) => {
                warn!("{fault}");
                Some(None)
            }
        }
    }

    async fn obtain(&self, order: &Order, teller: &Teller) -> Result<Obtained, Failed> {
        let journal = (order.ca != Ca::Staging).then(|| self.shared.store.as_ref());
        let authority = self.connect(order.ca).await?;
        self.attempt(order, authority, journal, teller)
            .obtain()
            .await
    }

    async fn prove_only(
        &self,
        order: &Order,
        teller: &Teller,
    ) -> Result<Option<ChallengeKind>, Failed> {
        let authority = self.connect(order.ca).await?;
        self.attempt(order, authority, None, teller)
            .prove_only()
            .await
    }

    fn attempt<'a>(
        &'a self,
        order: &'a Order,
        authority: CertificateAuthority,
        journal: Option<&'a dyn Store>,
        teller: &'a Teller,
    ) -> Attempt<'a> {
        Attempt {
            name: &self.name,
            hosts: &self.hosts,
            directory: &self.ca(order.ca).directory,
            replaces: self.memory().leaf().filter(|_| order.replaces),
            profile: self.profile(order, &authority),
            challenges: &order.challenges,
            prover: self.prover(),
            authority,
            journal,
            teller,
        }
    }

    /// The configured profile; for an address the only one that Let's Encrypt certifies it by.
    fn profile(&self, order: &Order, authority: &CertificateAuthority) -> Option<String> {
        let configured = self.acme.profile.clone();
        if configured.is_some() {
            return configured.filter(|_| order.profile);
        }
        let has_address = self
            .hosts
            .iter()
            .any(|host| matches!(host, Host::Address(_)));
        let offers = authority
            .directory()
            .meta
            .profiles
            .contains_key(FOR_ADDRESSES);
        (has_address && offers).then(|| FOR_ADDRESSES.to_owned())
    }

    /// Serves a new certificate, and keeps it.
    async fn conclude(&self, ca: Ca, obtained: Obtained, teller: &Teller) {
        if ca == Ca::Staging {
            return self.record(History::record_probe_passed);
        }
        let Some(ends) = self.serve(obtained.set.clone()) else {
            return;
        };
        self.save(&obtained.set);
        let success = Success {
            at: OffsetDateTime::now_utc(),
            ca,
            challenge: obtained.challenge,
        };
        self.record(|history| history.record_success(success));
        let told = format!("the new certificate is served; it ends on {}", day(ends));
        teller.tell(&self.name, &told);
        self.export(&obtained.set).await;
        teller.done();
    }

    async fn fail(&self, ca: Ca, failed: Failed, teller: &Teller) {
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(self.ca(ca)).await;
        }
        let sentence = failed.sentence;
        error!("{}: no certificate: {sentence}", self.name);
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, failed.problem, ca, failed.challenge);
        self.record(|history| history.record_failure(failure.told(sentence.clone())));
        teller.failed(format!("{}: {sentence}", self.name));
    }

    /// A panic in one job ends that job only, and waits as any failure does.
    fn survive(&self, fault: &tokio::task::JoinError) -> Duration {
        let problem = Problem::new(
            Class::Provider,
            format!("a fault in hubgate itself: {fault}"),
        );
        let sentence = format!("{problem}; report it, what is served goes on");
        error!("{}: {sentence}", self.name);
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, problem, Ca::Primary, None).told(sentence);
        self.record(|history| history.record_failure(failure));
        Duration::ZERO
    }

    /// Asks the CA when it wants the certificate renewed.
    async fn poll_renewal_info(&self) -> Duration {
        let leaf = self.memory().leaf();
        let issuer = self.memory().issuer(&self.acme);
        let (Some(leaf), Some(issuer)) = (leaf, issuer) else {
            return Duration::ZERO;
        };
        let asked = async {
            let authority = self.connect(issuer).await?;
            authority.renewal_info(&leaf).await
        };
        self.take_up_renewal_info(asked.await);
        Duration::ZERO
    }

    fn take_up_renewal_info(&self, asked: Result<Option<RenewalWindow>, Problem>) {
        let now = OffsetDateTime::now_utc();
        let place = self.memory().place_in_window();
        match asked {
            Ok(Some(window)) => self.record(|history| {
                let bounds = (window.start, window.end);
                let renewal = Renewal::choose(bounds, place, window.explanation_url, now);
                history.record_renewal(renewal, Some(window.poll_again));
            }),
            Ok(None) => self.memory().no_renewal_info = true,
            Err(problem) => {
                info!(
                    "{}: the CA does not say when to renew: {problem}",
                    self.name
                );
                self.record(|history| history.record_poll_failed(now, problem.retry_after));
            }
        }
    }

    /// Tells that the clock is wrong, and looks whether the CA's still is ahead or behind.
    async fn ask_the_time(&self, sentence: &str) -> Duration {
        if !std::mem::replace(&mut self.memory().clock_told, true) {
            error!("{}: {sentence}", self.name);
        }
        let is_by_ca = self.memory().ca_ahead.is_some();
        if is_by_ca && self.connect(Ca::Primary).await.is_err() {
            self.memory().ca_ahead = None;
        }
        LONGEST
    }

    async fn connect(&self, ca: Ca) -> Result<CertificateAuthority, Problem> {
        let email = self.acme.email.as_deref();
        let staging = (ca == Ca::Staging)
            .then(|| staging(&self.acme.authority))
            .flatten();
        let authority = staging.as_ref().unwrap_or_else(|| self.ca(ca));
        let connected = self.shared.accounts.connect(authority, email).await?;
        self.memory().ca_ahead = connected.clock_skew();
        Ok(connected)
    }

    fn ca(&self, ca: Ca) -> &Authority {
        match (ca, &self.acme.fallback) {
            (Ca::Fallback, Some(fallback)) => fallback,
            _ => &self.acme.authority,
        }
    }

    fn policy(&self) -> Policy {
        Policy {
            challenges: self.acme.challenges.clone(),
            fallback: self.acme.fallback.is_some(),
            staging: staging(&self.acme.authority).is_some(),
            profile: self.acme.profile.is_some(),
        }
    }

    fn prover(&self) -> Prover {
        Prover::new(
            self.shared.challenges.clone(),
            self.acme.dns.as_ref(),
            self.shared.store.clone(),
            &self.name,
        )
    }

    /// Serves what is newest on disk, whoever got it.
    fn take_up(&self) {
        let store = self.shared.store.as_ref();
        if self.memory().unsaved {
            return;
        }
        match CertificateSet::load(store, &self.name) {
            Ok(Some(set)) if self.memory().is_other(&set) => {
                self.forget_order_of(&set);
                self.serve(set);
            }
            Ok(_) => {}
            Err(fault) => self.warn_once(&fault.to_string()),
        }
    }

    /// A certificate that came, of which a crash left the order in the journal.
    fn forget_order_of(&self, set: &CertificateSet) {
        let store = self.shared.store.as_ref();
        let entry = OrderEntry::load(store, &self.name).ok().flatten();
        if entry.is_some_and(|entry| entry.is_of(&set.key)) {
            self.forget_order();
        }
    }

    fn forget_order(&self) {
        if let Err(fault) = OrderEntry::remove(self.shared.store.as_ref(), &self.name) {
            self.warn_once(&fault.to_string());
        }
    }

    fn take_over_lineage(&self, now: OffsetDateTime) {
        if self.memory().issued_at().is_some() {
            return;
        }
        let found = super::lineage::find(&self.acme.lineages, &self.hosts, now);
        if let Some(set) = found {
            self.serve(set);
            self.memory().unsaved = true;
        }
    }

    /// Serves a set; returns when it ends.
    fn serve(&self, set: CertificateSet) -> Option<OffsetDateTime> {
        match set.certified(&self.shared.roots) {
            Ok(certified) => {
                let ends = certified.not_after;
                self.memory().kept = Some(Kept::of(set, &certified));
                self.slot.serve(certified);
                Some(ends)
            }
            Err(fault) => {
                error!("{fault:#}");
                None
            }
        }
    }

    /// Keeps a set; what cannot be kept is served from memory and tried again.
    fn save(&self, set: &CertificateSet) {
        let mut set = set.clone();
        let leaf = self.memory().leaf();
        set.meta.renewal_id = leaf.and_then(|leaf| ari_id(&leaf).ok());
        match set.save(self.shared.store.as_ref(), &self.name) {
            Ok(()) => {
                self.memory().unsaved = false;
                self.forget_order();
            }
            Err(fault) => {
                self.memory().unsaved = true;
                self.warn_once(&format!("{fault}; the certificate is served from memory"));
            }
        }
    }

    fn save_again(&self) {
        let memory = self.memory();
        let unsaved = memory.kept.as_ref().filter(|_| memory.unsaved);
        let set = unsaved.map(|kept| kept.set.clone());
        drop(memory);
        if let Some(set) = set {
            self.save(&set);
        }
    }

    /// Takes up what happened, and keeps it.
    fn record(&self, happened: impl FnOnce(&mut History)) {
        let mut memory = self.memory();
        happened(&mut memory.history);
        if let Err(fault) = memory.history.save(self.shared.store.as_ref(), &self.name) {
            warn!("{fault}");
        }
    }

    async fn export(&self, set: &CertificateSet) {
        let Some(to) = &self.acme.export else { return };
        if let Err(fault) = export::export(to, &self.name, set).await {
            error!("{}: not exported: {fault:#}", self.name);
        }
    }

    /// Says once that a renewal is late.
    fn alarm(&self, now: OffsetDateTime) {
        let mut memory = self.memory();
        let standing = memory.standing(&self.hosts, &self.acme);
        let late = renewal::overdue(now, &standing, &memory.history);
        if late && !memory.alarmed && memory.kept.is_some() {
            error!(
                "{}: the renewal of the certificate is overdue; see `hubgate cert status`",
                self.name
            );
        }
        memory.alarmed = late;
    }

    fn warn_once(&self, told: &str) {
        let mut memory = self.memory();
        if memory.warned.as_deref() != Some(told) {
            error!("{told}");
            memory.warned = Some(told.to_owned());
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_asked(&self) -> MutexGuard<'_, Option<Teller>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The staging CA of a CA that has one.
fn staging(authority: &Authority) -> Option<Authority> {
    let (_, staging) = STAGING
        .iter()
        .find(|(real, _)| *real == authority.directory)?;
    Some(Authority {
        directory: (*staging).to_owned(),
        root: authority.root.clone(),
        eab: None,
    })
}

fn until_then(left: time::Duration) -> Duration {
    let left = left.max(time::Duration::ZERO).try_into().unwrap_or(LONGEST);
    LONGEST.min(left)
}

/// Let's Encrypt's profile of six days.
const FOR_ADDRESSES: &str = "shortlived";

const STAGING: [(&str, &str); 1] = [(
    "https://acme-v02.api.letsencrypt.org/directory",
    "https://acme-staging-v02.api.letsencrypt.org/directory",
)];

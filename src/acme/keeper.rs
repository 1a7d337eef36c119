//! Keeps one certificate: looks what is due, does it, and outlives whatever goes wrong with it.
//!
//! What is due is said by `renewal`, how an order goes by `order`; here is when they are asked,
//! and what becomes of their answers.

mod ca;
mod disk;
mod ordering;
mod trial;
mod turn;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{sync::Notify, time::sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::error;

use self::ordering::Wish;
use super::{
    authority::CertificateAuthority,
    history::{Ca, Failure},
    memory::Memory,
    problem::{Class, Problem},
    proof::{Prover, StandingProofs},
    renewal::{self, Action},
    shared::Shared,
    state::State,
};
use crate::{
    clock,
    config::model::{Acme, Host},
    telemetry::progress::Teller,
    tls::Slot,
};

/// Keeps one certificate.
pub(super) struct Keeper {
    name: String,
    hosts: Vec<Host>,
    acme: Arc<Acme>,
    slot: Arc<Slot>,
    shared: Arc<Shared>,
    memory: Mutex<Memory>,
    /// Who wants the certificate renewed now, and whether the old one is to be revoked.
    asked: Mutex<Option<(Teller, bool)>>,
    wake: Notify,
    /// The CA that has just issued, which is asked at once when to renew.
    issuer: Mutex<Option<(Ca, CertificateAuthority)>>,
    standing_proofs: Arc<StandingProofs>,
}

/// Wall clocks jump, so they are looked at this often.
const LONGEST: Duration = Duration::from_secs(60);

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
            issuer: Mutex::default(),
            standing_proofs: Arc::default(),
        };
        keeper.take_up();
        for look_elsewhere in [Self::adopt, Self::take_over_lineage] {
            if keeper.memory().kept.is_none() {
                look_elsewhere(&keeper, now);
            }
        }
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

    /// Has the certificate renewed now, whatever the schedule, and then the old one revoked.
    pub(super) fn ask(&self, teller: Teller, revoke: bool) {
        let before = self.lock_asked().replace((teller, revoke));
        if let Some((before, _)) = before {
            before.failed(format!("{}: somebody else has asked for this", self.name));
        }
        self.wake.notify_one();
    }

    /// Keeps the certificate until told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut job = tokio::spawn(self.clone().clear());
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = AbortOnDropHandle::new(job) => ended,
            };
            let pause = ended.unwrap_or_else(|fault| self.survive(&fault));
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
            job = tokio::spawn(self.clone().step());
        }
    }

    /// Takes away what an end in the middle left behind.
    async fn clear(self: Arc<Self>) -> Duration {
        if let Some(_alone) = self.lock() {
            self.prover().sweep().await;
        }
        Duration::ZERO
    }

    /// Does what is due; returns how long nothing is.
    async fn step(self: Arc<Self>) -> Duration {
        let now = OffsetDateTime::now_utc();
        self.take_up();
        self.settle();
        self.save_again();
        self.alarm(now);
        self.export().await;
        let asked = self.lock_asked().take();
        if let Some((teller, revoke)) = asked {
            return self.order(Wish::Asked { revoke }, &teller).await;
        }
        match self.next(now) {
            Action::Order(order) => self.order_in_turn(order.ca, now).await,
            Action::PollRenewalInfo => self.poll_renewal_info().await,
            Action::Wait { until, .. } => until_then(until - now),
            Action::ClockWrong { sentence } => self.ask_the_time(&sentence).await,
        }
    }

    /// Waits for a person's request.
    async fn is_asked(&self) {
        while self.lock_asked().is_none() {
            self.wake.notified().await;
        }
    }

    fn next(&self, now: OffsetDateTime) -> Action {
        let mut memory = self.memory();
        if !clock::is_before_all(now) {
            memory.history.redate(now);
        }
        let standing = memory.standing(&self.hosts, &self.acme);
        let action = renewal::next(now, &standing, &memory.history, &self.policy());
        memory.clock_told &= matches!(action, Action::ClockWrong { .. });
        action
    }

    /// A panic in one job ends that job only, and waits as any failure does.
    fn survive(&self, fault: &tokio::task::JoinError) -> Duration {
        let problem = Problem::new(Class::Local, format!("a fault in hubgate itself: {fault}"));
        let sentence = format!("{problem}; report it, what is served goes on");
        error!("{}: {sentence}", self.name);
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, problem, Ca::Primary, None).told(sentence);
        self.record(|history| history.record_failure(failure));
        LONGEST
    }

    fn prover(&self) -> Prover {
        let standing = self.standing_proofs.clone();
        Prover::new(&self.shared, self.acme.dns.as_ref(), &self.name, standing)
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

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_issuer(&self) -> MutexGuard<'_, Option<(Ca, CertificateAuthority)>> {
        self.issuer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_asked(&self) -> MutexGuard<'_, Option<(Teller, bool)>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn until_then(left: time::Duration) -> Duration {
    let left = left.max(time::Duration::ZERO).try_into().unwrap_or(LONGEST);
    LONGEST.min(left)
}

#[cfg(test)]
mod tests;

//! A keeper's orders: one at a time for a set, over all processes; and what becomes of them.

use std::time::Duration;

use time::OffsetDateTime;
use tracing::{error, warn};

use super::Keeper;
use crate::{
    acme::{
        authority::CertificateAuthority,
        challenge_kind::ChallengeKind,
        export,
        history::{Ca, Failure, History, Success},
        order::{Attempt, Failed, Obtained},
        problem::Class,
        progress::Teller,
        renewal::Order,
        set::CertificateSet,
        store::{Entry, Kind, Lock, Store},
    },
    tls::day,
};

/// Between two looks whether another process has finished its order.
const ELSEWHERE: Duration = Duration::from_secs(1);

impl Keeper {
    /// Makes an order, unless another process is at it or has made it.
    pub(super) async fn order(&self, order: &Order, teller: &Teller) -> Duration {
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

    pub(super) async fn obtain(&self, order: &Order, teller: &Teller) -> Result<Obtained, Failed> {
        let journal = (order.ca != Ca::Staging).then(|| self.shared.store.as_ref());
        let authority = self.connect(order.ca).await?;
        self.attempt(order, authority, journal, teller)
            .obtain()
            .await
    }

    pub(super) async fn prove_only(
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

    async fn export(&self, set: &CertificateSet) {
        let Some(to) = &self.acme.export else { return };
        if let Err(fault) = export::export(to, &self.name, set).await {
            error!("{}: not exported: {fault:#}", self.name);
        }
    }
}

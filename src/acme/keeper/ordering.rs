//! A keeper's orders: one at a time for a set, over all processes; and what becomes of them.

use std::{sync::Mutex, time::Duration};

use time::OffsetDateTime;
use tracing::{error, warn};

use super::Keeper;
use crate::{
    acme::{
        authority::{CertificateAuthority, RevocationReason},
        history::{Ca, Failure, History, Success},
        order::{Attempt, Failed, Obtained},
        problem::Class,
        renewal::{Action, Order},
        store::{Entry, Kind, Lock, Store},
    },
    telemetry::progress::Teller,
    tls::day,
};

/// Why an order is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// The schedule says so.
    Due,
    /// A person says so, who may have what is replaced revoked.
    Asked {
        /// Whether to revoke it.
        revoke: bool,
    },
}

/// Times that an order is made otherwise at once.
const ATTEMPTS: usize = 4;
/// Between two looks whether another process has finished its order.
const ELSEWHERE: Duration = Duration::from_secs(1);

impl Keeper {
    /// Makes an order, unless another process is at it or has made it.
    pub(super) async fn order(&self, wish: Wish, teller: &Teller) -> Duration {
        let _turn = self.shared.orders.clone().acquire_owned().await;
        let Some(_alone) = self.lock() else {
            teller.failed(format!(
                "{}: another process is at it; ask again",
                self.name
            ));
            return ELSEWHERE;
        };
        self.catch_up();
        self.prover().sweep().await;
        let old = self.memory().leaf_of(&self.acme);
        if self.try_to_obtain(wish, teller).await {
            if wish == (Wish::Asked { revoke: true }) {
                self.revoke(old, teller).await;
            }
            teller.done();
        }
        Duration::ZERO
    }

    /// Orders until a certificate has come, or the CA wants nothing else tried at once.
    async fn try_to_obtain(&self, wish: Wish, teller: &Teller) -> bool {
        for attempt in 1..=ATTEMPTS {
            let order = match self.decide(wish) {
                Ok(Some(order)) => order,
                Ok(None) => break,
                Err(sentence) => {
                    teller.failed(format!("{}: {sentence}", self.name));
                    break;
                }
            };
            let failed = match self.obtain_as(&order, wish, teller).await {
                Ok(None) => continue,
                Ok(Some(obtained)) => {
                    self.conclude(order.ca, obtained, teller).await;
                    return true;
                }
                Err(failed) => failed,
            };
            let again = attempt < ATTEMPTS && is_tried_otherwise(failed.problem.class);
            self.fail(order.ca, failed, again, teller).await;
            if !again {
                break;
            }
        }
        false
    }

    /// Makes an order, unless the CA's first answer shows that it should be made otherwise: its
    /// clock may tell that ours is wrong.
    async fn obtain_as(
        &self,
        order: &Order,
        wish: Wish,
        teller: &Teller,
    ) -> Result<Option<Obtained>, Failed> {
        let connected = self.connect(order.ca).await;
        // As may others, meanwhile, that a limit of the account is used up.
        self.take_up_limit(wish, order.ca);
        let is_as_before = self.decide(wish).ok().flatten().as_ref() == Some(order);
        if connected.is_err() || !is_as_before {
            self.report_limit(order.ca, false, None);
        }
        let authority = connected?;
        if !is_as_before {
            return Ok(None);
        }
        let is_hurried = wish != Wish::Due || self.is_late();
        let issuer = (order.ca, authority.clone());
        let obtained = self.obtain(order, authority, is_hurried, teller).await?;
        *self.lock_issuer() = Some(issuer);
        Ok(Some(obtained))
    }

    /// How to order now; not at all when nothing is due any more.
    pub(super) fn decide(&self, wish: Wish) -> Result<Option<Order>, String> {
        let now = OffsetDateTime::now_utc();
        match (wish, self.next(now)) {
            (Wish::Due, Action::Order(order)) => Ok(Some(order)),
            (Wish::Due, _) => Ok(None),
            (Wish::Asked { .. }, _) => {
                let order = self
                    .memory()
                    .asked(now, &self.hosts, &self.policy(), &self.acme);
                order.map(Some)
            }
        }
    }

    /// The lock on the set; held by nobody if the store cannot lock, since nobody else can then.
    pub(super) fn lock(&self) -> Option<Option<Lock>> {
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

    pub(super) async fn obtain(
        &self,
        order: &Order,
        authority: CertificateAuthority,
        is_hurried: bool,
        teller: &Teller,
    ) -> Result<Obtained, Failed> {
        let journal = (order.ca != Ca::Staging).then(|| self.shared.store.as_ref());
        let attempt = self.attempt(order, authority, journal, teller);
        let attempt = Attempt {
            is_hurried,
            ..attempt
        };
        let obtained = attempt.obtain().await;
        let was_taken = obtained.is_ok() || attempt.was_taken();
        self.report_limit(order.ca, was_taken, obtained.as_ref().err());
        obtained
    }

    /// Whether a certificate that is served is past the hard line.
    fn is_late(&self) -> bool {
        let memory = self.memory();
        memory.kept.is_some() && memory.is_urgent(OffsetDateTime::now_utc())
    }

    pub(super) fn attempt<'a>(
        &'a self,
        order: &'a Order,
        authority: CertificateAuthority,
        journal: Option<&'a dyn Store>,
        teller: &'a Teller,
    ) -> Attempt<'a> {
        let memory = self.memory();
        Attempt {
            name: &self.name,
            hosts: &self.hosts,
            directory: self.ca(order.ca).directory.clone(),
            replaces: memory.leaf().filter(|_| order.replaces),
            profile: self.profile(order, &authority),
            challenges: &order.challenges,
            prover: self.prover(),
            authority,
            journal,
            held: memory.key(),
            must_be_kept: !memory.is_urgent(OffsetDateTime::now_utc()),
            is_hurried: false,
            progress: Mutex::default(),
            teller,
        }
    }

    /// Keeps a new certificate, and serves it: one that was shown is not lost by a crash.
    async fn conclude(&self, ca: Ca, obtained: Obtained, teller: &Teller) {
        if ca == Ca::Staging {
            return self.record(History::record_probe_passed);
        }
        let Some(certified) = self.take(obtained.set.clone()) else {
            return;
        };
        let ends = certified.not_after;
        self.save(&obtained.set);
        self.slot.serve(certified);
        let success = Success {
            at: OffsetDateTime::now_utc(),
            ca,
            challenge: obtained.challenge,
        };
        self.record(|history| history.record_success(success));
        let told = format!("the new certificate is served; it ends on {}", day(ends));
        teller.tell(&self.name, &told);
        self.export().await;
    }

    /// Revokes a certificate that has been replaced, since its key may be known to others.
    async fn revoke(&self, old: Option<(Vec<u8>, Ca)>, teller: &Teller) {
        let Some((leaf, issuer)) = old else {
            return teller.tell(
                &self.name,
                "there is no old certificate that could be revoked",
            );
        };
        let revoked = match self.connect(issuer).await {
            Ok(authority) => {
                authority
                    .revoke(&leaf, RevocationReason::KeyCompromise)
                    .await
            }
            Err(problem) => Err(problem),
        };
        let told = match revoked {
            Ok(()) => "the old certificate is revoked".to_owned(),
            Err(problem) => format!("the old certificate is not revoked: {problem}"),
        };
        teller.tell(&self.name, &told);
    }

    /// Takes a failure up; `again` says that it is tried otherwise at once.
    async fn fail(&self, ca: Ca, failed: Failed, again: bool, teller: &Teller) {
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(&self.ca(ca)).await;
        }
        let sentence = failed.sentence;
        let now = OffsetDateTime::now_utc();
        let failure = Failure::new(now, failed.problem, ca, failed.challenge);
        self.record(|history| history.record_failure(failure.told(sentence.clone())));
        if again {
            return teller.tell(&self.name, &sentence);
        }
        error!("{}: no certificate: {sentence}", self.name);
        teller.failed(format!("{}: {sentence}", self.name));
    }
}

fn is_tried_otherwise(class: Class) -> bool {
    matches!(
        class,
        Class::AccountGone | Class::AlreadyReplaced | Class::InvalidProfile
    )
}

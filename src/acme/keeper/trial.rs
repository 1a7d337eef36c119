//! A keeper's trial: whether the CA would certify the hosts. Nothing is kept.

use time::OffsetDateTime;

use super::{Keeper, ordering::Wish};
use crate::{
    acme::{
        history::{Ca, Failure},
        order::Failed,
        problem::{Class, Problem},
        renewal::Order,
    },
    config::model::ChallengeKind,
    telemetry::progress::Teller,
};

impl Keeper {
    /// Tries whether the CA would certify the hosts: at its staging CA in full, if it has one, else
    /// up to the proofs. Nothing is kept but what counts for the CA's limits.
    ///
    /// # Errors
    /// Cause and cure.
    pub(in crate::acme) async fn try_out(&self, teller: &Teller) -> Result<(), String> {
        let told = |sentence: String| format!("{}: {sentence}", self.name);
        let _turn = self.shared.orders.clone().acquire_owned().await;
        let _alone = self
            .lock()
            .ok_or_else(|| told("another process is at it".into()))?;
        self.catch_up();
        self.prover().sweep().await;
        let order = self
            .decide(Wish::Asked { revoke: false })
            .map_err(told)?
            .ok_or_else(|| told(String::new()))?;
        let order = Order {
            ca: if self.policy().staging {
                Ca::Staging
            } else {
                Ca::Primary
            },
            replaces: false,
            ..order
        };
        let by = self.try_order(&order, teller).await.map_err(told)?;
        let by = by.map_or_else(String::new, |kind| format!(" by {kind}"));
        teller.tell(&self.name, &format!("the CA can see the proof{by}"));
        Ok(())
    }

    async fn try_order(
        &self,
        order: &Order,
        teller: &Teller,
    ) -> Result<Option<ChallengeKind>, String> {
        let tried = self.proved(order, teller).await;
        let failed = match tried {
            Ok(by) => return Ok(by),
            Err(failed) => failed,
        };
        let sentence = failed.sentence.clone();
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(&self.ca(order.ca)).await;
        }
        if order.ca != Ca::Staging && failed.problem.class == Class::Validation {
            let now = OffsetDateTime::now_utc();
            let failure = Failure::new(now, failed.problem, order.ca, failed.challenge);
            self.record(|history| history.record_failure(failure.told(failed.sentence)));
        }
        Err(sentence)
    }

    async fn proved(
        &self,
        order: &Order,
        teller: &Teller,
    ) -> Result<Option<ChallengeKind>, Failed> {
        let authority = self.connect(order.ca).await?;
        // The CA's clock may have shown that ours is wrong.
        self.decide(Wish::Asked { revoke: false })
            .map_err(|sentence| Failed::told(Problem::new(Class::Local, &*sentence), sentence))?;
        if order.ca != Ca::Staging {
            let attempt = self.attempt(order, authority, None, teller);
            return attempt.prove_only().await;
        }
        let obtained = self.obtain(order, authority, true, teller).await;
        obtained.map(|obtained| obtained.challenge)
    }
}

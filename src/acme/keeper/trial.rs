//! The test of a certificate: would the CA issue it?

use time::OffsetDateTime;

use super::CertificateTask;
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

impl CertificateTask {
    /// Tests if the CA would issue the certificate: by a complete order at its staging CA, or else
    /// by an order at the CA itself up to the challenges. Stores only failed validations, which
    /// count for rate limits.
    ///
    /// # Errors
    /// Cause and cure.
    pub(in crate::acme) async fn test(&self, teller: &Teller) -> Result<(), String> {
        let _permit = self.shared.orders.clone().acquire_owned().await;
        let tested = self.test_alone(teller).await;
        let kind = tested.map_err(|sentence| format!("{}: {sentence}", self.name))?;
        let by = kind.map_or_else(String::new, |kind| format!(" by {kind}"));
        teller.tell(&self.name, &format!("the CA can see the proof{by}"));
        Ok(())
    }

    async fn test_alone(&self, teller: &Teller) -> Result<Option<ChallengeKind>, String> {
        let locked = "another process is ordering this certificate; try again later";
        let _lock = self.lock().ok_or(locked)?;
        self.catch_up();
        self.solver().sweep().await;
        let order = Order {
            ca: if self.policy().staging {
                Ca::Staging
            } else {
                Ca::Primary
            },
            replaces: false,
            ..self.requested_order()?
        };
        match self.authorize(&order, teller).await {
            Ok(kind) => Ok(kind),
            Err(failed) => Err(self.record_failed_test(order.ca, failed).await),
        }
    }

    async fn authorize(
        &self,
        order: &Order,
        teller: &Teller,
    ) -> Result<Option<ChallengeKind>, Failed> {
        let connected = self.connect(order.ca).await?;
        // The CA's clock may show that the local clock is wrong.
        self.requested_order()
            .map_err(|sentence| Failed::new(Problem::local(&sentence), sentence))?;
        if order.ca != Ca::Staging {
            let attempt = self.attempt(order, connected, None, teller);
            return attempt.authorize_only().await;
        }
        let obtained = self.obtain(order, connected, true, teller).await;
        obtained.map(|obtained| obtained.challenge)
    }

    /// Records a failure; returns its sentence.
    async fn record_failed_test(&self, ca: Ca, failed: Failed) -> String {
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(&self.ca(ca)).await;
        }
        let sentence = failed.sentence;
        if ca != Ca::Staging && failed.problem.class == Class::Validation {
            let now = OffsetDateTime::now_utc();
            let failure = Failure::new(now, failed.problem, ca, failed.challenge);
            let failure = failure.with_sentence(sentence.clone());
            self.record(|history| history.record_failure(failure));
        }
        sentence
    }
}

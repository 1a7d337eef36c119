//! The test of a certificate: would the CA issue it?

use time::OffsetDateTime;

use super::CertificateTask;
use crate::{
    acme::{
        order::Failed,
        problem::{Class, Problem},
        renewal::Order,
        store::history::{CaRole, Failure},
    },
    config::model::ChallengeKind,
    telemetry::progress::ProgressSender,
};

impl CertificateTask {
    /// Tests if the CA would issue the certificate: by a complete order at its staging CA, or else
    /// by an order at the CA itself up to the challenges. Stores only failed validations, which
    /// count for rate limits.
    ///
    /// # Errors
    /// Cause and cure.
    pub(crate) async fn test(&self, progress: &ProgressSender) -> Result<(), String> {
        let _permit = self.shared.orders.clone().acquire_owned().await;
        let tested = self.test_alone(progress).await;
        let kind = tested.map_err(|sentence| format!("{}: {sentence}", self.name))?;
        let by = kind.map_or_else(String::new, |kind| format!(" by {kind}"));
        progress.report(&self.name, &format!("the CA can see the proof{by}"));
        Ok(())
    }

    async fn test_alone(&self, progress: &ProgressSender) -> Result<Option<ChallengeKind>, String> {
        let locked = "another process is ordering this certificate; try again later";
        let _lock = self.lock_order().ok_or(locked)?;
        self.catch_up();
        self.solver().sweep().await;
        let order = Order {
            ca: if self.policy().staging {
                CaRole::Staging
            } else {
                CaRole::Primary
            },
            replaces: false,
            ..self.requested_order()?
        };
        match self.authorize(&order, progress).await {
            Ok(kind) => Ok(kind),
            Err(failed) => Err(self.record_failed_test(order.ca, failed).await),
        }
    }

    async fn authorize(
        &self,
        order: &Order,
        progress: &ProgressSender,
    ) -> Result<Option<ChallengeKind>, Failed> {
        let connected = self.connect(order.ca).await?;
        // The CA's clock may show that the local clock is wrong.
        self.requested_order()
            .map_err(|sentence| Failed::new(Problem::local(&sentence), sentence))?;
        if order.ca != CaRole::Staging {
            let attempt = self.attempt(order, connected, None, progress);
            return attempt.authorize_only().await;
        }
        let obtained = self.obtain(order, connected, true, progress).await;
        obtained.map(|obtained| obtained.challenge)
    }

    /// Records a failure; returns its sentence.
    async fn record_failed_test(&self, ca: CaRole, failed: Failed) -> String {
        if failed.problem.class == Class::AccountGone {
            self.shared.accounts.forget(&self.ca(ca)).await;
        }
        let sentence = failed.sentence;
        if ca != CaRole::Staging && failed.problem.class == Class::Validation {
            let now = OffsetDateTime::now_utc();
            let failure = Failure::new(now, failed.problem, ca, failed.challenge);
            let failure = failure.with_sentence(sentence.clone());
            self.record(|history| history.record_failure(failure));
        }
        sentence
    }
}

//! The scheduled orders of a certificate task within the rate limits of the account.

use std::time::Duration;

use time::OffsetDateTime;
use tracing::info;

use super::{CertificateTask, issue::Trigger, pause_of};
use crate::{
    acme::{
        manager::account_limits::{Admission, Outcome},
        order::{Failed, diagnosis::Diagnosis},
        problem::{Class, Problem},
        store::history::{CaRole, Failure},
    },
    telemetry::progress::ProgressSender,
};

/// The duration of a rate limit without a `Retry-After`.
const DEFAULT_LIMIT: time::Duration = time::Duration::HOUR;

impl CertificateTask {
    /// Performs an order that is due, when the account's rate limits allow it.
    pub(super) async fn order_within_limits(&self, ca: CaRole, now: OffsetDateTime) -> Duration {
        match self.shared.limits.admit(&self.ca(ca), &self.name, now) {
            Admission::Now => self.order_unless_requested().await,
            Admission::At(moment) => pause_of(moment - now),
            Admission::Limited(problem) => {
                self.record_limit(ca, problem, now);
                Duration::ZERO
            }
        }
    }

    /// Records the current rate limit of the account before a scheduled order.
    pub(super) fn record_account_limit(&self, trigger: Trigger, ca: CaRole) {
        let now = OffsetDateTime::now_utc();
        let limit = self.shared.limits.limit(&self.ca(ca), now);
        if let Some(problem) = limit.filter(|_| trigger == Trigger::Schedule) {
            self.record_limit(ca, problem, now);
        }
    }

    /// Records a rate limit of the account as a refusal of this certificate.
    fn record_limit(&self, ca: CaRole, problem: Problem, now: OffsetDateTime) {
        let sentence = Diagnosis::new(&problem).sentence();
        let sentence = format!("{sentence}; other certificates of the account were refused");
        info!("{}: no certificate: {sentence}", self.name);
        let failure = Failure::new(now, problem, ca, None).with_sentence(sentence);
        self.record(|history| history.record_failure(failure));
    }

    /// Performs a scheduled order; a request of the operator interrupts it, as a crash would.
    async fn order_unless_requested(&self) -> Duration {
        let log_only = ProgressSender::default();
        tokio::select! {
            pause = self.order(Trigger::Schedule, &log_only) => pause,
            () = self.wait_for_request() => Duration::ZERO,
        }
    }

    /// Records the outcome of an attempt for the account's rate limits.
    pub(super) fn record_outcome(&self, ca: CaRole, was_accepted: bool, failed: Option<&Failed>) {
        let now = OffsetDateTime::now_utc();
        let limited = failed.filter(|failed| failed.problem.class == Class::RateLimited);
        let outcome = match limited {
            Some(Failed { problem, .. }) => {
                let until = problem.retry_after.unwrap_or(now + DEFAULT_LIMIT);
                Outcome::Limited(problem, until)
            }
            None if was_accepted => Outcome::Accepted,
            None => Outcome::Other,
        };
        let ca = self.ca(ca);
        self.shared.limits.record(&ca, &self.name, &outcome, now);
    }

    /// Lets another certificate probe the account's rate limit, because this one was not ordered.
    pub(super) fn end_probe(&self, ca: CaRole) {
        self.record_outcome(ca, false, None);
    }
}

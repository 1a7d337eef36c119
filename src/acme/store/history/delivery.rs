//! The delivery of copies to other programs, until it succeeds: failures and retries.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::History;

/// A delivery of copies to other programs that has not succeeded yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// Failures in a row.
    failures: u32,
    /// The moment of the last failure.
    #[serde(with = "time::serde::rfc3339::option")]
    failed_at: Option<OffsetDateTime>,
    /// Cause of the last failure.
    sentence: String,
}

const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(1);

impl Delivery {
    /// Returns the moment and the cause of the last failure, if there was one.
    #[must_use]
    pub fn failure(&self) -> Option<(OffsetDateTime, &str)> {
        Some((self.failed_at?, &self.sentence))
    }

    /// Returns true if the delivery is to be tried now: 1 min after the first failure, then after
    /// intervals that double up to 1 h.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        let doublings = self.failures.saturating_sub(1).min(16);
        let wait = (0..doublings).fold(FIRST_WAIT, |wait, _| (wait * 2_i32).min(LONGEST_WAIT));
        self.failed_at
            .is_none_or(|failed| now >= failed.saturating_add(wait))
    }

    /// Forgets the failures, so that a new certificate is delivered at once.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    pub(super) fn redate(&mut self, now: OffsetDateTime) {
        self.failed_at = self.failed_at.map(|at| at.min(now));
    }
}

impl History {
    /// Returns the delivery that has not succeeded yet, if any.
    #[must_use]
    pub fn delivery(&self) -> Option<&Delivery> {
        self.delivery.as_ref()
    }

    /// Records the start of a delivery, so that one that a crash interrupts is repeated.
    pub fn record_delivery_begun(&mut self) {
        self.delivery.get_or_insert_default();
    }

    /// Records that the copies were delivered.
    pub fn record_delivered(&mut self) {
        self.delivery = None;
    }

    /// Records that the copies could not be delivered.
    pub fn record_undelivered(&mut self, now: OffsetDateTime, sentence: String) {
        let delivery = self.delivery.get_or_insert_default();
        delivery.failures = delivery.failures.saturating_add(1);
        delivery.failed_at = Some(now);
        delivery.sentence = sentence;
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_failed_delivery_is_retried_after_growing_intervals() {
        let begin = datetime!(2026-11-03 12:00 UTC);
        let mut history = History::default();
        history.record_delivery_begun();
        assert!(history.delivery().unwrap().is_due(begin));
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            history.record_undelivered(begin, "no".into());
            let delivery = history.delivery().unwrap();
            let due = begin + Duration::minutes(minutes);
            assert!(!delivery.is_due(due - Duration::SECOND), "{minutes}");
            assert!(delivery.is_due(due), "{minutes}");
        }
        history.record_delivered();
        assert_eq!(history.delivery(), None);
    }
}

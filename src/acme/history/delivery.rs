//! Copies of a certificate that are not delivered yet: why not, and when they are tried again.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::History;

/// A delivery of copies to other programs that is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// How often in a row it has failed.
    failures: u32,
    /// When it last failed.
    #[serde(with = "time::serde::rfc3339::option")]
    failed_at: Option<OffsetDateTime>,
    /// Why.
    sentence: String,
}

const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::hours(1);

impl Delivery {
    /// When it last failed, and why; none before it has.
    #[must_use]
    pub fn failure(&self) -> Option<(OffsetDateTime, &str)> {
        Some((self.failed_at?, &self.sentence))
    }

    /// Whether it is to be tried now: 1 min after a failure, then twice as long up to 1 h.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        let doublings = self.failures.saturating_sub(1).min(16);
        let wait = (0..doublings).fold(FIRST_WAIT, |wait, _| (wait * 2_i32).min(LONGEST_WAIT));
        self.failed_at
            .is_none_or(|failed| now >= failed.saturating_add(wait))
    }

    /// Another certificate is delivered at once.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::default();
    }

    pub(super) fn redate(&mut self, now: OffsetDateTime) {
        self.failed_at = self.failed_at.map(|at| at.min(now));
    }
}

impl History {
    /// The delivery that is not done, if any.
    #[must_use]
    pub fn delivery(&self) -> Option<&Delivery> {
        self.delivery.as_ref()
    }

    /// Takes up that copies are about to be delivered; an end in the middle is so noticed.
    pub fn record_delivery_begun(&mut self) {
        self.delivery.get_or_insert_default();
    }

    /// Takes up that copies were delivered.
    pub fn record_delivered(&mut self) {
        self.delivery = None;
    }

    /// Takes up that copies could not be delivered.
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
    fn a_delivery_that_fails_is_tried_again_ever_more_rarely() {
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

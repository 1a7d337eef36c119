//! The period in which a cached verdict holds.
//!
//! Each date that the verdict depends on (`notBefore`, `notAfter`, `nextUpdate`) ends the period on
//! one side.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// The period in which a verdict holds, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidityPeriod {
    verified_at: i64,
    from: i64,
    /// Exclusive.
    until: i64,
}

impl ValidityPeriod {
    /// Returns an unlimited period for a verdict of this moment.
    pub(crate) fn unlimited(now: SystemTime) -> Self {
        Self {
            verified_at: seconds(now),
            from: i64::MIN,
            until: i64::MAX,
        }
    }

    /// Ends the period at a date; the second of the date itself belongs to neither side.
    pub(crate) fn limit(&mut self, date: OffsetDateTime) {
        let seconds = date.unix_timestamp();
        for limit in [seconds, seconds.saturating_add(1)] {
            if limit <= self.verified_at {
                self.from = self.from.max(limit);
            } else {
                self.until = self.until.min(limit);
            }
        }
    }

    /// Reports whether the period includes a moment.
    pub(crate) fn contains(&self, now: SystemTime) -> bool {
        (self.from..self.until).contains(&seconds(now))
    }
}

/// Returns whole seconds since 1970; 0 for earlier moments.
fn seconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn date(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn nearest_dates_on_both_sides_end_the_period() {
        let mut period = ValidityPeriod::unlimited(at(100));
        assert!(period.contains(at(0)) && period.contains(at(1_000_000)));
        for seconds in [10, 50, 200, 300] {
            period.limit(date(seconds));
        }
        let included = (0..400).filter(|seconds| period.contains(at(*seconds)));
        let included: Vec<_> = included.collect();
        assert_eq!((included.first(), included.last()), (Some(&51), Some(&199)));
    }

    #[test]
    fn verdict_in_the_second_of_a_limit_holds_for_that_second_only() {
        let mut period = ValidityPeriod::unlimited(at(100));
        period.limit(date(100));
        assert!(period.contains(at(100)) && !period.contains(at(99)) && !period.contains(at(101)));
    }
}

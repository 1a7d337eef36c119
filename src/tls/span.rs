//! The time in which a verdict holds: between the dates nearest to the moment it was made.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// The time in which a verdict holds, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    made: i64,
    from: i64,
    /// Exclusive.
    until: i64,
}

impl Span {
    /// All time, for a verdict made now.
    pub(super) fn around(now: SystemTime) -> Self {
        Self {
            made: seconds(now),
            from: i64::MIN,
            until: i64::MAX,
        }
    }

    /// Ends the span at a date that the verdict rests on, whether the date itself counts or not.
    pub(super) fn limit(&mut self, date: OffsetDateTime) {
        for moment in [
            date.unix_timestamp(),
            date.unix_timestamp().saturating_add(1),
        ] {
            if moment <= self.made {
                self.from = self.from.max(moment);
            } else {
                self.until = self.until.min(moment);
            }
        }
    }

    /// Whether a moment is in it.
    pub(super) fn contains(&self, now: SystemTime) -> bool {
        (self.from..self.until).contains(&seconds(now))
    }
}

/// Whole seconds since 1970; none is before.
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
    fn nearest_dates_on_both_sides_end_a_verdict() {
        let mut span = Span::around(at(100));
        assert!(span.contains(at(0)) && span.contains(at(1_000_000)));
        for seconds in [10, 50, 200, 300] {
            span.limit(date(seconds));
        }
        let held: Vec<_> = (0..400).filter(|it| span.contains(at(*it))).collect();
        assert_eq!((held.first(), held.last()), (Some(&51), Some(&199)));
    }

    #[test]
    fn verdict_of_the_very_second_holds_for_that_second_only() {
        let mut span = Span::around(at(100));
        span.limit(date(100));
        assert!(span.contains(at(100)) && !span.contains(at(99)) && !span.contains(at(101)));
    }
}

//! A token bucket: a burst of guesses, and a constant rate after it.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttled;

/// The parameters of a bucket: `burst` tokens, of which one is refilled in each `interval`. Its
/// state is the time at which it is full again, `None` if it is full.
#[derive(Clone, Copy)]
pub(super) struct TokenBucket {
    pub(super) burst: u32,
    pub(super) interval: Duration,
}

impl TokenBucket {
    /// Checks whether the bucket has a token.
    ///
    /// # Errors
    /// The time until the next token.
    pub(super) fn check(&self, full_at: Option<Instant>, now: Instant) -> Result<(), Throttled> {
        let spent = full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let wait = spent.saturating_sub(self.interval * (self.burst - 1));
        if wait.is_zero() {
            return Ok(());
        }
        Err(Throttled { retry_after: wait })
    }

    /// Takes a token, and returns the time at which the bucket is full again.
    pub(super) fn charge(&self, full_at: Option<Instant>, now: Instant) -> Instant {
        full_at.map_or(now, |at| at.max(now)) + self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_at_once_and_refilled_one_by_one() {
        let bucket = TokenBucket {
            burst: 3,
            interval: Duration::from_secs(10),
        };
        let (mut now, mut full_at) = (Instant::now(), None);
        for _ in 0..3 {
            assert_eq!(bucket.check(full_at, now), Ok(()));
            full_at = Some(bucket.charge(full_at, now));
        }
        for _ in 0..5 {
            let retry_after = bucket.interval;
            assert_eq!(bucket.check(full_at, now), Err(Throttled { retry_after }));
            now += retry_after;
            assert_eq!(bucket.check(full_at, now), Ok(()));
            full_at = Some(bucket.charge(full_at, now));
        }
        now += bucket.interval * 1000;
        for left in (0..3).rev() {
            assert_eq!(bucket.check(full_at, now), Ok(()));
            full_at = Some(bucket.charge(full_at, now));
            assert_eq!(bucket.check(full_at, now).is_ok(), left > 0);
        }
    }
}

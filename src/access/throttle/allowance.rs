//! How many guesses may be made at once, and how many in the long run.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttled;

/// So many guesses at once, and one more after each `pace`.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    pub(super) burst: u32,
    pub(super) pace: Duration,
}

impl Allowance {
    /// Whether one more may be made; `whole` is when the allowance will be whole again.
    pub(super) fn check(&self, whole: Option<Instant>, now: Instant) -> Result<(), Throttled> {
        let spent = whole.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let wait = spent.saturating_sub(self.pace * (self.burst - 1));
        if wait.is_zero() {
            return Ok(());
        }
        Err(Throttled { retry_after: wait })
    }

    /// When the allowance will be whole again after one more.
    pub(super) fn charge(&self, whole: Option<Instant>, now: Instant) -> Instant {
        whole.map_or(now, |at| at.max(now)) + self.pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_spent_at_once_and_regained_one_by_one() {
        let allowance = Allowance {
            burst: 3,
            pace: Duration::from_secs(10),
        };
        let (mut now, mut whole) = (Instant::now(), None);
        for _ in 0..3 {
            assert_eq!(allowance.check(whole, now), Ok(()));
            whole = Some(allowance.charge(whole, now));
        }
        for _ in 0..5 {
            let retry_after = allowance.pace;
            assert_eq!(allowance.check(whole, now), Err(Throttled { retry_after }));
            now += retry_after;
            assert_eq!(allowance.check(whole, now), Ok(()));
            whole = Some(allowance.charge(whole, now));
        }
        now += allowance.pace * 1000;
        for left in (0..3).rev() {
            assert_eq!(allowance.check(whole, now), Ok(()));
            whole = Some(allowance.charge(whole, now));
            assert_eq!(allowance.check(whole, now).is_ok(), left > 0);
        }
    }
}

//! The wait that follows from an address's failures.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttled;

/// Failures without consequence, then a second that doubles up to the longest wait.
pub(super) struct Backoff {
    pub(super) free: u32,
    pub(super) longest: Duration,
}

/// The failures of one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failures {
    count: u32,
    last: Instant,
    /// The user whose password all of them were at, if it is one.
    user: Option<u64>,
    /// Failures since `day` began.
    day_count: u32,
    day: Instant,
}

/// Failures beyond `free` that are remembered: more would not wait longer.
const MAX_COUNTED: u32 = 7;
/// Time without a failure in which one is forgiven.
const FORGIVENESS: Duration = Duration::from_secs(300);
/// Time after which an address is new again.
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Backoff {
    /// Whether the failures are long enough ago.
    pub(super) fn check(&self, failures: Option<Failures>, now: Instant) -> Result<(), Throttled> {
        let wait = failures.map_or(Duration::ZERO, |failures| self.wait(failures, now));
        if wait.is_zero() {
            return Ok(());
        }
        Err(Throttled { retry_after: wait })
    }

    fn wait(&self, failures: Failures, now: Instant) -> Duration {
        let Some(doublings) = failures.left(now).checked_sub(self.free + 1) else {
            return Duration::ZERO;
        };
        let delay = Duration::from_secs(1 << doublings.min(MAX_COUNTED));
        (failures.last + delay.min(self.longest)).saturating_duration_since(now)
    }

    /// One failure more, at the password of this user, now.
    pub(super) fn count(&self, failures: Option<Failures>, user: u64, now: Instant) -> Failures {
        let left = failures.map_or(0, |failures| failures.left(now));
        let all_at = |failures: Failures| left == 0 || failures.are_all_at(user);
        let of_the_day = failures.map_or(0, |failures| failures.of_the_day(now));
        Failures {
            count: (left + 1).min(self.free + MAX_COUNTED),
            last: now,
            user: failures.is_none_or(all_at).then_some(user),
            day_count: of_the_day.saturating_add(1),
            day: failures
                .filter(|_| of_the_day > 0)
                .map_or(now, |failures| failures.day),
        }
    }
}

impl Failures {
    /// One failure less, which was none.
    pub(super) fn forgive_one(self) -> Self {
        Self {
            count: self.count.saturating_sub(1),
            day_count: self.day_count.saturating_sub(1),
            ..self
        }
    }

    /// Whether none was at another user's password.
    pub(super) fn are_all_at(self, user: u64) -> bool {
        self.user == Some(user)
    }

    /// Those of the last day, forgiven with time or not.
    pub(super) fn of_the_day(self, now: Instant) -> u32 {
        let ended = now.saturating_duration_since(self.day) >= DAY;
        if ended { 0 } else { self.day_count }
    }

    /// Those not forgiven yet.
    fn left(self, now: Instant) -> u32 {
        let quiet = now.saturating_duration_since(self.last);
        let forgiven = quiet.as_secs() / FORGIVENESS.as_secs();
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
        self.count.saturating_sub(forgiven)
    }
}

//! How long to wait after how many failures.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttled;

/// Failures without consequence, then a second that doubles up to the longest wait.
pub(super) struct Backoff {
    pub(super) free: u32,
    pub(super) longest: Duration,
}

/// The failures of one address or user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failures {
    count: u32,
    last: Instant,
}

/// Failures beyond `free` that are remembered: more would not wait longer.
const MAX_COUNTED: u32 = 7;
/// Time without a failure in which one is forgiven.
const FORGIVENESS: Duration = Duration::from_secs(300);

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
        (failures.last + delay.min(self.longest)).duration_since(now)
    }

    /// One failure more, now.
    pub(super) fn count(&self, failures: Option<Failures>, now: Instant) -> Failures {
        let left = failures.map_or(0, |failures| failures.left(now));
        let count = (left + 1).min(self.free + MAX_COUNTED);
        Failures { count, last: now }
    }
}

impl Failures {
    /// One failure less, which was none.
    pub(super) fn forgive_one(self) -> Self {
        let count = self.count.saturating_sub(1);
        Self { count, ..self }
    }

    /// Those not forgiven yet.
    fn left(self, now: Instant) -> u32 {
        let quiet = now.duration_since(self.last).as_secs() / FORGIVENESS.as_secs();
        let forgiven = u32::try_from(quiet).unwrap_or(u32::MAX);
        self.count.saturating_sub(forgiven)
    }
}

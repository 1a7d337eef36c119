//! The intervals at which an order is polled (RFC 8555, 7.5.1).

use std::time::{Duration, Instant};

use instant_acme::Error;
use tokio::time::sleep;

use super::super::transport::Transport;

const FIRST: Duration = Duration::from_millis(250);
const GROWTH: f32 = 1.5;
/// A longer `Retry-After` is handed on; before a shorter one, the schedule would not try again.
const HANDED_ON: Duration = Duration::from_secs(30);

/// Intervals that grow, each at least as long as the CA's last `Retry-After`.
pub(super) struct Polls {
    transport: Transport,
    until: Instant,
    interval: Duration,
}

impl Polls {
    pub(super) fn until(until: Instant, transport: &Transport) -> Self {
        Self {
            transport: transport.clone(),
            until,
            interval: FIRST,
        }
    }

    /// Waits for the next poll, the last of which is at the end.
    ///
    /// # Errors
    /// [`Error::Timeout`] at the end, or if the CA is not to be asked before.
    pub(super) async fn wait(&mut self) -> Result<(), Error> {
        let asked = self.transport.retry_after();
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() || asked > left {
            let next = (asked > HANDED_ON).then(|| Instant::now() + asked);
            return Err(Error::Timeout(next));
        }
        sleep(self.interval.max(asked).min(left)).await;
        self.interval = self.interval.mul_f32(GROWTH);
        Ok(())
    }
}

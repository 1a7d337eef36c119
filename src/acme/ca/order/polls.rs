//! The intervals at which an order is polled (RFC 8555, 7.5.1).

use std::time::{Duration, Instant};

use instant_acme::Error;
use tokio::time::sleep;

use crate::acme::ca::transport::Transport;

const FIRST: Duration = Duration::from_millis(250);
const GROWTH: f32 = 1.5;
/// A longer `Retry-After` is passed to the schedule, which waits at least this long anyway.
const PASSED_ON: Duration = Duration::from_secs(30);

/// Growing intervals, each at least as long as the CA's last `Retry-After`.
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

    /// Waits for the next poll; the last one is at the deadline.
    ///
    /// # Errors
    /// [`Error::Timeout`] at the deadline, or if `Retry-After` is beyond it.
    pub(super) async fn wait(&mut self) -> Result<(), Error> {
        let retry_after = self.transport.retry_after();
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() || retry_after > left {
            let next = (retry_after > PASSED_ON).then(|| Instant::now() + retry_after);
            return Err(Error::Timeout(next));
        }
        sleep(self.interval.max(retry_after).min(left)).await;
        self.interval = self.interval.mul_f32(GROWTH);
        Ok(())
    }
}

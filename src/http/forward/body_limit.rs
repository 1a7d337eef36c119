//! The limits of a request's content: its size and its pace.

use super::event::Event;
use crate::http::{request::Exchange, response::local_response::LocalResponse};

/// The limit that a request's content exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverLimit {
    /// `limits.body`.
    Size,
    /// The slowest pace.
    Time,
}

/// The slowest pace of content, in bytes per second.
const SLOWEST: u64 = 128;
/// Multiple of `limits.header_time` after which the pace is checked.
const GRACE: u32 = 3;

impl Exchange {
    /// Checks the content received so far; a stream of messages has no slowest pace.
    ///
    /// # Errors
    /// The limit that is exceeded.
    pub(super) fn limit_body(&self, is_stream: bool) -> Result<(), OverLimit> {
        let limits = self.sites.config.limits;
        if limits.body.is_some_and(|limit| self.received > limit) {
            return Err(OverLimit::Size);
        }
        let took = self.began.elapsed();
        let slow = self.received < SLOWEST * took.as_secs();
        if !is_stream && slow && took > limits.header_time * GRACE {
            return Err(OverLimit::Time);
        }
        Ok(())
    }
}

impl From<OverLimit> for Event {
    fn from(over: OverLimit) -> Self {
        Self::Refused(match over {
            OverLimit::Size => LocalResponse::too_large,
            OverLimit::Time => LocalResponse::client_slow,
        })
    }
}

//! How large a body may be, and how slowly it may come.

use crate::http::request::Exchange;

/// The limit that a body exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverLimit {
    /// It is larger than `limits.body`.
    Size,
    /// It comes too slowly.
    Time,
}

/// Pace below which a body is taken for an attack, in bytes a second.
const SLOWEST: u64 = 128;
/// How many times as long as a head a body may take before its pace counts.
const GRACE: u32 = 3;

/// Judges the body received so far; one that is a stream of messages may come as slowly as it will.
///
/// # Errors
/// When it is over `limits.body`, or comes too slowly.
pub(super) fn limit(exchange: &Exchange, is_stream: bool) -> Result<(), OverLimit> {
    let limits = exchange.sites.config.limits;
    if limits.body.is_some_and(|limit| exchange.received > limit) {
        return Err(OverLimit::Size);
    }
    let took = exchange.began.0.elapsed();
    let slow = exchange.received < SLOWEST * took.as_secs();
    if !is_stream && slow && took > limits.header_time * GRACE {
        return Err(OverLimit::Time);
    }
    Ok(())
}

//! How large a body may be, and how slowly it may come.

use pingora_core::{Error, ErrorType, Result};

use super::exchange::Exchange;

/// Pace below which a body is taken for an attack, in bytes a second.
const SLOWEST: u64 = 128;
/// How many times as long as a head a body may take before its pace counts.
const GRACE: u32 = 3;
/// Judges the body received so far.
///
/// # Errors
/// 413 when it is over `limits.body`, 408 when it comes too slowly.
pub(super) fn limit(exchange: &Exchange) -> Result<()> {
    let limits = exchange.sites.config.limits;
    if limits.body.is_some_and(|limit| exchange.received > limit) {
        let why = "the body is over the limit";
        return Err(Error::explain(ErrorType::HTTPStatus(413), why).into_down());
    }
    let took = exchange.began.0.elapsed();
    let slow = exchange.received < SLOWEST * took.as_secs();
    if slow && took > limits.header_time * GRACE {
        let why = "the body comes too slowly";
        return Err(Error::explain(ErrorType::HTTPStatus(408), why).into_down());
    }
    Ok(())
}

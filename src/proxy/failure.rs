//! What a client is told when the hub cannot be reached or answers wrongly.

use std::io;

use http::StatusCode;
use tracing::warn;

use super::{answer::Answer, exchange::Exchange, page};
use crate::upstream::Unreachable;

/// The answer where no server can be reached; `upstream` logs why.
#[must_use]
pub(super) fn unreachable(why: Unreachable) -> Answer {
    match why {
        Unreachable::Down => page::hub_starting(),
        Unreachable::Slow => page::hub_slow(),
        Unreachable::Broken => page::hub_broken(),
    }
}

/// Tells the log what was wrong with the hub's answer.
pub(super) fn tell_hub(exchange: &Exchange, why: &str) {
    warn!("the hub's answer to {}: {why}", path(exchange));
}

/// Tells it of an answer that was not passed on to its end because of the hub.
pub(super) fn tell_broken(error: &io::Error, exchange: &Exchange) {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => tell_hub(exchange, "it breaks off"),
        io::ErrorKind::InvalidData => tell_hub(exchange, "its chunks are malformed"),
        _ => {}
    }
}

fn path(exchange: &Exchange) -> &str {
    let target = &exchange.said.target;
    target.split('?').next().unwrap_or(target)
}

/// 500: a fault of hubgate's own.
#[must_use]
pub(super) fn internal() -> Answer {
    page::page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "This is a fault of hubgate; its log says more.",
    )
}

//! What a client is told when the hub cannot be reached or answers wrongly.

use std::io;

use super::{local_response::LocalResponse, statuses};
use crate::{http::request::Exchange, upstream::Unreachable};

/// The answer where no server can be reached; `upstream` logs why.
#[must_use]
pub(crate) fn unreachable(why: Unreachable) -> LocalResponse {
    match why {
        Unreachable::Down => statuses::hub_starting(),
        Unreachable::Slow => statuses::hub_slow(),
        Unreachable::Broken => statuses::hub_broken(),
    }
}

/// Tells the log what was wrong with the hub's answer.
pub(crate) fn tell_hub(exchange: &Exchange, why: &str) {
    if let Some(route) = &exchange.route {
        route.log_answer(path(exchange), why);
    }
}

/// Tells it of an answer that was not passed on to its end because of the hub.
pub(crate) fn tell_broken(error: &io::Error, exchange: &Exchange) {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => tell_hub(exchange, "it breaks off"),
        io::ErrorKind::InvalidData => tell_hub(exchange, "its chunks are malformed"),
        _ => {}
    }
}

fn path(exchange: &Exchange) -> &str {
    let target = &exchange.logged.target;
    target.split('?').next().unwrap_or(target)
}

/// 500: a fault of hubgate's own.
#[must_use]
pub(crate) fn internal() -> LocalResponse {
    statuses::internal()
}

//! What a client is told when the hub cannot be reached or answers wrongly.

use std::io;

use pingora_core::{Error, ErrorSource, ErrorType};

use tracing::{error, warn};

use super::{answer::Answer, exchange::Exchange, page};

/// The answer for an error of the engine; an error of the client's has none when it is gone.
#[must_use]
pub(super) fn answer(error: &Error) -> Answer {
    match error.etype() {
        ErrorType::HTTPStatus(413) => page::too_large(),
        ErrorType::HTTPStatus(408) => page::client_slow(),
        ErrorType::HTTPStatus(code) => page::other(*code),
        ErrorType::ConnectRefused | ErrorType::ConnectNoRoute | ErrorType::ConnectError
            if *error.esource() != ErrorSource::Downstream =>
        {
            page::hub_starting()
        }
        ErrorType::ConnectTimedout
        | ErrorType::TLSHandshakeTimedout
        | ErrorType::ReadTimedout
        | ErrorType::WriteTimedout
            if *error.esource() != ErrorSource::Downstream =>
        {
            page::hub_slow()
        }
        ErrorType::ReadTimedout => page::client_slow(),
        _ => match error.esource() {
            ErrorSource::Upstream => page::hub_broken(),
            ErrorSource::Downstream => page::other(400),
            _ => internal(),
        },
    }
}

/// Whether the client is gone, so that no answer can reach it.
#[must_use]
pub(super) fn client_is_gone(error: &Error) -> bool {
    *error.esource() == ErrorSource::Downstream
        && matches!(
            error.etype(),
            ErrorType::WriteError
                | ErrorType::ReadError
                | ErrorType::ConnectionClosed
                // The stream was reset, by the client or because of what it sent.
                | ErrorType::H2Error
        )
        && !is_malformed(error)
}

/// Whether the client took nothing of the answer.
pub(super) fn client_has_stalled(error: &Error) -> bool {
    *error.esource() == ErrorSource::Downstream && *error.etype() == ErrorType::WriteTimedout
}

/// Whether the client is there, but its body is not framed as it must be.
fn is_malformed(error: &Error) -> bool {
    let cause = error.cause.as_ref();
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

/// Tells the log what was wrong with the hub's answer; who is unreachable is told by `upstream`.
pub(super) fn tell(error: &Error, exchange: Option<&Exchange>) {
    let connected = !matches!(
        error.etype(),
        ErrorType::ConnectRefused | ErrorType::ConnectNoRoute | ErrorType::ConnectError
    );
    let Some(exchange) = exchange.filter(|_| connected) else {
        return;
    };
    match error.esource() {
        ErrorSource::Upstream => tell_hub(exchange, error.etype().as_str()),
        ErrorSource::Internal => error!("answering {}: {}", path(exchange), error.etype().as_str()),
        _ => {}
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
    page::internal()
}

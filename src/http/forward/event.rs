//! The events of an exchange, and the bytes that one of them brings at most.

use std::fmt;

use crate::{
    http::response::local_response::LocalResponse,
    upstream::{Http2Answer, is_unprocessed},
};

/// An event of an exchange while the upstream's response is awaited.
pub(super) enum Event {
    /// The upstream sent so many bytes; 0 at the end of its connection.
    Data(usize),
    /// The head of a response over HTTP/2.
    Head(Box<Http2Answer>),
    /// The stream of HTTP/2 was reset, or its connection ended.
    Failed(Failure),
    /// The client closed its connection or reset its stream.
    Disconnected,
    /// The upstream was idle for too long.
    TimedOut,
    /// The request's body is refused with this response.
    Refused(fn() -> LocalResponse),
}

/// The end of a stream of HTTP/2 before its response.
pub(super) struct Failure {
    /// Whether the server has not processed the request.
    is_unprocessed: bool,
    /// Whether the connection ended without a word.
    is_stale: bool,
    /// The cause in words.
    why: String,
}

impl Failure {
    pub(super) fn of(error: &h2::Error) -> Self {
        Self {
            is_unprocessed: is_unprocessed(error),
            is_stale: error.is_io(),
            why: error.to_string(),
        }
    }
}

impl Failure {
    /// Whether the request may be sent again: the server has not processed it, or its connection
    /// has ended and processing it twice changes nothing.
    pub(super) fn may_resend(&self, is_repeatable: bool) -> bool {
        self.is_unprocessed || (self.is_stale && is_repeatable)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Bytes received at a time at first, and at most.
pub(super) const PIECE: usize = 8 * 1024;
pub(super) const LARGE_PIECE: usize = 64 * 1024;
/// Received at a time where memory is short.
pub(super) const SMALL_PIECE: usize = 1024;

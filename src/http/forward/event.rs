//! The events of a forwarded request, and the bytes that one of them receives at most.

use std::fmt;

use crate::{
    http::response::local_response::LocalResponse,
    upstream::{Http2Answer, is_unprocessed},
};

/// An event while the upstream's response is awaited.
pub(super) enum Event {
    /// The upstream sent this many bytes; 0 at the end of its connection.
    Data(usize),
    /// The upstream sent the head of a response over HTTP/2.
    Head(Box<Http2Answer>),
    /// The HTTP/2 stream was reset, or its connection ended.
    Failed(Failure),
    /// The client closed its connection or reset its stream.
    Disconnected,
    /// The upstream exceeded the idle timeout.
    TimedOut,
    /// The request's content is refused with this response.
    Refused(fn() -> LocalResponse),
}

/// The end of an HTTP/2 stream before its response.
pub(super) struct Failure {
    /// Set when the server has not processed the request.
    is_unprocessed: bool,
    /// Set when the connection ended without GOAWAY.
    is_stale: bool,
    /// The cause in words.
    why: String,
}

impl Failure {
    pub(super) fn new(error: &h2::Error) -> Self {
        Self {
            is_unprocessed: is_unprocessed(error),
            is_stale: error.is_io(),
            why: error.to_string(),
        }
    }

    /// Reports whether the request may be sent again: the server has not processed it, or the
    /// connection ended under an idempotent request (RFC 9110, section 9.2.2).
    pub(super) fn may_resend(&self, is_idempotent: bool) -> bool {
        self.is_unprocessed || (self.is_stale && is_idempotent)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Bytes received at a time, at first.
pub(super) const PIECE: usize = 8 * 1024;
/// Bytes received at a time, at most.
pub(super) const LARGE_PIECE: usize = 64 * 1024;
/// Bytes received at a time while memory is short.
pub(super) const SMALL_PIECE: usize = 1024;

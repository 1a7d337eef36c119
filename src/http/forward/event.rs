//! The events of an exchange, and the bytes that one of them brings at most.

use crate::http::response::local_response::LocalResponse;

/// An event of an exchange while the upstream's response is awaited.
pub(super) enum Event {
    /// The upstream sent so many bytes; 0 at the end of its connection.
    Data(usize),
    /// The client closed its connection or reset its stream.
    Disconnected,
    /// The upstream was idle for too long.
    TimedOut,
    /// The request's body is refused with this response.
    Refused(fn() -> LocalResponse),
}

/// Bytes received at a time at first, and at most.
pub(super) const PIECE: usize = 8 * 1024;
pub(super) const LARGE_PIECE: usize = 64 * 1024;
/// Received at a time where memory is short.
pub(super) const SMALL_PIECE: usize = 1024;

//! The connection of a client before its first request: accept, limits, PROXY header, handshake.
//!
//! The limits apply before the handshake; the site and the peer's network select its TLS
//! configuration. A `ConnectionInfo` carries the properties of the connection to `http`.

pub mod acceptor;
mod handshake;
mod limiter;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a violated property panics")]
pub(crate) mod properties;
mod proxy_header;
pub mod registry;
pub mod workers;

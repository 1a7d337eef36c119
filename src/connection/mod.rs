//! A client's connection until it speaks HTTP: accepted, limited, and secured.
//!
//! Limits come before the handshake; the site and the peer's network decide the handshake. The
//! facts of the connection travel on in a `ConnectionInfo`.

pub mod acceptor;
mod handshake;
mod limiter;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
mod proxy_header;
pub mod registry;
pub mod workers;

//! WebSocket (RFC 6455): the opening handshake, and the tunnel after a 101.

pub(crate) mod frames;
pub(crate) mod handshake;
pub(crate) mod tunnel;
pub(crate) mod upgrade;

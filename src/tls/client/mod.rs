//! TODO.

pub(crate) mod handshake_fault;
pub(crate) mod refused_certificate;
pub(crate) mod server_trust;

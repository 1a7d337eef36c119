//! TLS to upstreams and other servers: trust in their certificates, and the faults of a handshake.

pub(crate) mod handshake_fault;
pub(crate) mod refused_certificate;
pub(crate) mod server_trust;

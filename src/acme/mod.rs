//! Certificates by ACME (RFC 8555): got, kept and renewed.
//!
//! No state of the disk, the network or the CA means "stop", and none stops a valid certificate
//! from being served.

pub mod authority;
pub mod challenge;
pub mod challenge_kind;
pub mod client;
pub mod problem;
pub mod signing_request;
#[cfg(test)]
mod testing;

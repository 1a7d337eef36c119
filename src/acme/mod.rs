//! Certificates by ACME (RFC 8555): got, kept and renewed.
//!
//! No state of the disk, the network or the CA means "stop", and none stops a valid certificate
//! from being served.

pub mod challenge_kind;
pub mod diagnosis;
mod export;
pub mod history;
mod identifiers;
pub mod journal;
mod lineage;
pub mod private_key;
pub mod problem;
pub mod progress;
pub mod renewal;
pub mod set;
pub mod state;
pub mod store;
pub mod authority;
pub mod challenge;
pub mod challenge_kind;
pub mod client;
pub mod problem;
pub mod signing_request;

//! Certificates by ACME (RFC 8555): got, kept and renewed.
//!
//! [`Certificates`] has a keeper for each site's certificate. A keeper asks `renewal`, which is
//! pure, what to do; `order` does it, with `authority` for the CA and `proof` for what the CA wants
//! to see; `store` keeps it. No state of the disk, the network or the CA means "stop", and none
//! stops a valid certificate from being served.

mod accounts;
pub mod authority;
mod certificates;
pub mod challenge;
pub mod client;
pub mod diagnosis;
pub mod dns;
mod export;
mod files;
pub mod history;
mod identifiers;
pub mod journal;
mod keeper;
mod lineage;
mod memory;
mod order;
mod pace;
pub mod private_key;
pub mod problem;
mod program;
mod proof;
pub mod renewal;
pub mod set;
mod shared;
pub mod signing_request;
pub mod state;
pub mod store;
#[cfg(test)]
mod testing;
mod zone;

pub use certificates::{Certificates, Prepared, states_on_disk};
pub use files::faults;

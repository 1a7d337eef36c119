//! Certificates by ACME (RFC 8555): ordered, stored, served and renewed.
//!
//! [`Certificates`] has a task (`keeper`) for each site's certificate. The task performs the actions
//! of the schedule (`renewal`, a pure computation): `order` talks to the CA through `authority`,
//! `proof` publishes the challenge responses, and `store` holds the results. No state of the disk,
//! the network or the CA ends a task or the service of a valid certificate.

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

//! Certificates by ACME (RFC 8555): ordered, stored, served and renewed.
//!
//! [`Certificates`] has a task (`manager`) for each site's certificate. The task performs the
//! actions of the schedule (`renewal`, a pure computation): `order` talks to the CA through `ca`,
//! `challenge` publishes the responses, and `store` holds the results. No state of the disk, the
//! network or the CA ends a task or the service of a valid certificate.

pub mod ca;
pub mod challenge;
pub mod dns;
pub mod https;
pub(crate) mod manager;
mod order;
pub mod problem;
mod program;
pub mod renewal;
pub mod store;
#[cfg(test)]
mod testing;

pub use self::manager::certificates::{Certificates, Prepared, states_on_disk};
pub use self::manager::file_faults::faults;

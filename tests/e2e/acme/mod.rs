//! Certificates by ACME from local CAs: one with injected faults (`authority`), Pebble and
//! acme2certifier.
//!
//! Missing programs skip a test as in `real_hub`.

pub mod acme2certifier;
pub mod authority;
pub mod challtestsrv;
pub mod client;
mod compare;
pub mod diagnosis;
pub mod dns;
pub mod faults;
pub mod fixture;
pub mod issuing;
pub mod journal;
pub mod limits;
pub mod many_sites;
pub mod pebble;
pub mod program;
pub mod renewal;
pub mod responder;
pub mod store;
pub mod stuck_files;
pub mod unusual;

//! Certificates by ACME: hubgate with CAs that run here, our own that errs on command
//! (`authority`), Pebble and acme2certifier.
//!
//! Programs are missing as in `real_hub`.

pub mod acme2certifier;
pub mod authority;
pub mod challtestsrv;
pub mod client;
mod compare;
pub mod diagnosis;
pub mod dns;
pub mod faults;
pub mod issuing;
pub mod journal;
pub mod limits;
pub mod many_sites;
pub mod pebble;
pub mod program;
pub mod renewal;
pub mod responder;
pub mod stage;
pub mod store;
pub mod unusual;

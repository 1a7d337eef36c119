//! Certificates by ACME, with CAs that run here: our own that errs on command (`authority`) and
//! Pebble.
//!
//! Programs are missing as in `real_hub`.

pub mod acme2certifier;
pub mod authority;
pub mod challtestsrv;
pub mod client;
pub mod pebble;
pub mod program;
pub mod responder;

//! The house's own devices: invited, admitted, revoked.
//!
//! `home.test` admits 127.0.0.1 without credentials, and every other address by a certificate of
//! hubgate's own CA.

pub mod commands;
pub mod enrolling;
pub mod faults;
pub mod fixture;
pub mod guessing;
pub mod locking_out;
pub mod names;
pub mod readers;

//! Certificates by ACME, with CAs that run here.

pub mod authority;
pub mod client;

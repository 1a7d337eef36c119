//! TODO.

pub(crate) mod credential;
pub mod pkcs12;
pub mod profile;

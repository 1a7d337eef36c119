//! TODO.

pub(crate) mod credential;
pub(crate) mod pkcs12;
pub(crate) mod profile;

//! The files that a device installs: certificate and key as PKCS#12, and Apple's profile.

pub(crate) mod credential;
pub(crate) mod pkcs12;
pub(crate) mod profile;

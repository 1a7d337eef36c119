//! The download of an invited device: its issued certificate with key and password.

use std::fmt;

use super::token::Token;
use crate::devices::{files::credential::Credential, registry::DeviceCertificate};

/// A certificate that a device can download.
pub(crate) struct Download {
    /// Secret of the download page.
    pub(crate) page: Token,
    /// Entry of the device in the registry.
    pub(crate) certificate: DeviceCertificate,
    /// The certificate was used in a handshake.
    pub(crate) seen: bool,
    /// Key, certificate and password of the files.
    pub(crate) credential: Credential,
}

impl Download {
    pub(crate) fn new(
        certificate: DeviceCertificate,
        credential: Credential,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            page: Token::link()?,
            certificate,
            seen: false,
            credential,
        })
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

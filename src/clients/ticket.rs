//! The download of an invited device: its issued certificate with key and password.

use std::fmt;

use super::{credential::Credential, register::Client, secret::Token};

/// A certificate that a device can download.
pub(super) struct Download {
    /// Secret of the download page.
    pub(super) page: Token,
    /// Entry of the device in the registry.
    pub(super) client: Client,
    /// The certificate was used in a handshake.
    pub(super) seen: bool,
    /// Key, certificate and password of the files.
    pub(super) credential: Credential,
}

impl Download {
    pub(super) fn new(client: Client, credential: Credential) -> anyhow::Result<Self> {
        Ok(Self {
            page: Token::link()?,
            client,
            seen: false,
            credential,
        })
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

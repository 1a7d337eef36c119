//! A certificate that a device may download after it entered the code.

use std::fmt;

use super::{credential::Credential, register::Client, secret::Token};

/// A certificate with its key, ready to be downloaded.
pub(super) struct Download {
    /// Token of the download page.
    pub(super) page: Token,
    /// Entry of the device in the register.
    pub(super) client: Client,
    /// The device has presented the certificate in a handshake.
    pub(super) seen: bool,
    /// Key and certificate, and the password of the files.
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

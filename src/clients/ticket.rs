//! What a device may fetch once its code was right: its certificate, in the files it takes.

use std::fmt;

use super::{credential::Credential, register::Client, secret::Secret};

/// A certificate with its key, to be fetched.
pub(super) struct Ticket {
    /// The secret of its page.
    pub(super) page: Secret,
    /// Whose it is.
    pub(super) client: Client,
    /// Whether it was shown in a handshake since.
    pub(super) seen: bool,
    /// The key with its certificate, and the password of the files.
    pub(super) credential: Credential,
}

impl Ticket {
    pub(super) fn new(client: Client, credential: Credential) -> anyhow::Result<Self> {
        Ok(Self {
            page: Secret::link()?,
            client,
            seen: false,
            credential,
        })
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

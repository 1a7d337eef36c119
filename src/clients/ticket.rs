//! What a device may fetch once its code was right: its certificate, in the files it takes.

use std::fmt;

use rcgen::KeyPair;
use zeroize::Zeroizing;

use super::{
    folder::Issued,
    invitation::Secret,
    pkcs12::{self, Bundle, Encryption, Password},
    profile::{self, Profile},
    register::Client,
};

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

/// A key with its certificate, and the password of the files it goes into.
#[derive(Clone)]
pub struct Credential {
    name: String,
    key: Zeroizing<Vec<u8>>,
    certificate: Vec<u8>,
    ca: Vec<u8>,
    encryption: Encryption,
    /// What opens the files.
    pub password: Password,
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

impl Credential {
    pub(super) fn new(
        issued: &Issued,
        key: &KeyPair,
        encryption: Encryption,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            name: issued.client.name.to_string(),
            key: Zeroizing::new(key.serialize_der()),
            certificate: issued.certificate.to_vec(),
            ca: issued.ca.to_vec(),
            encryption,
            password: pkcs12::password()?,
        })
    }

    /// The PKCS#12 file (RFC 7292).
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn pkcs12(&self) -> anyhow::Result<Vec<u8>> {
        let bundle = Bundle {
            friendly_name: &self.name,
            key: &self.key,
            certificate: &self.certificate,
            ca: &self.ca,
        };
        pkcs12::encode(&bundle, self.password.as_str(), self.encryption)
    }

    /// The profile for Apple's devices; it brings a self-signed server's certificate, too.
    ///
    /// # Errors
    /// As [`Credential::pkcs12`].
    pub fn profile(&self, host: &str, server: Option<&[u8]>) -> anyhow::Result<Vec<u8>> {
        let pkcs12 = self.pkcs12()?;
        Ok(profile::encode(&Profile {
            hub: host,
            device: &self.name,
            pkcs12: &pkcs12,
            password: self.password.as_str(),
            server,
        }))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

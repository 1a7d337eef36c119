//! What lets a device in, as it takes it: a key with its certificate, in files with a password.

use std::fmt;

use anyhow::Context;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    folder::{Folder, Issued},
    pkcs12::{self, Bundle, Encryption, Password},
    profile::{self, Profile},
    register::Client,
    wish::Wish,
};

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

/// What kind of key a device gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA with 2048 bits, which everything takes.
    #[default]
    Rsa,
    /// ECDSA on P-256.
    Ec,
}

/// How a device's files are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    /// The key.
    pub key: KeyKind,
    /// The encryption of the files.
    pub encryption: Encryption,
}

/// Certifies a new key of a device, for files.
///
/// # Errors
/// As [`Folder::issue`], and when no key can be made.
pub fn issue(folder: &Folder, wish: &Wish, making: Making) -> anyhow::Result<(Client, Credential)> {
    let key = making.key.generate()?;
    let issued = folder.issue(wish, &key)?;
    let credential = Credential::new(&issued, &key, making.encryption)?;
    Ok((issued.client, credential))
}

impl Credential {
    fn new(issued: &Issued, key: &KeyPair, encryption: Encryption) -> anyhow::Result<Self> {
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

impl KeyKind {
    fn generate(self) -> anyhow::Result<KeyPair> {
        let key = match self {
            Self::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            Self::Ec => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        };
        key.context("cannot make a key")
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

//! The credential of a device: a key with its certificate, in files protected by a password.

use std::fmt;

use anyhow::Context;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    folder::{Folder, Issued},
    pkcs12::{Bundle, Encryption, Password},
    profile::Profile,
    register::Client,
    wish::Wish,
};

/// A key with its certificate, and the password of its files.
#[derive(Clone)]
pub struct Credential {
    name: String,
    key: Zeroizing<Vec<u8>>,
    certificate: Vec<u8>,
    ca: Vec<u8>,
    encryption: Encryption,
    /// Password of the files.
    pub password: Password,
}

/// The type of a device's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA with 2048 bits, which every device supports.
    #[default]
    Rsa,
    /// ECDSA on P-256.
    Ec,
}

/// The options of a device's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    /// Type of the key.
    pub key: KeyKind,
    /// Encryption of the files.
    pub encryption: Encryption,
}

/// Generates a key and issues a certificate for a device.
///
/// # Errors
/// Those of [`Folder::issue`], or no key can be generated.
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
            password: Password::generate()?,
        })
    }

    /// Encodes the PKCS#12 file (RFC 7292).
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub fn pkcs12(&self) -> anyhow::Result<Vec<u8>> {
        let bundle = Bundle {
            friendly_name: &self.name,
            key: &self.key,
            certificate: &self.certificate,
            ca: &self.ca,
        };
        bundle.encode(self.password.as_str(), self.encryption)
    }

    /// Encodes the configuration profile for Apple devices, with the certificate of a self-signed
    /// server.
    ///
    /// # Errors
    /// Those of [`Credential::pkcs12`].
    pub fn profile(&self, host: &str, server: Option<&[u8]>) -> anyhow::Result<Vec<u8>> {
        let pkcs12 = self.pkcs12()?;
        let profile = Profile {
            hub: host,
            device: &self.name,
            pkcs12: &pkcs12,
            password: self.password.as_str(),
            server,
        };
        Ok(profile.encode())
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

//! The credential of a device: a key with its certificate, encoded into password-protected files.

use std::fmt;

use anyhow::Context;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    pkcs12::{Bundle, Encryption, Password},
    profile::Profile,
};
use crate::devices::{
    invitation::certificate_request::CertificateRequest,
    registry::{
        DeviceCertificate,
        ca_store::{ClientCaStore, Issued},
    },
};

/// Key, certificate and file password of a device.
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

/// Algorithm of a device key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA with 2048 bits, which every client supports.
    #[default]
    Rsa,
    /// ECDSA on P-256.
    Ec,
}

/// Algorithms of a device's key and files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOptions {
    /// Algorithm of the key.
    pub key: KeyKind,
    /// Encryption of the files.
    pub encryption: Encryption,
}

/// Generates a device key and issues its certificate.
///
/// # Errors
/// As [`ClientCaStore::issue`], and when no key can be generated.
pub fn issue(
    ca_store: &ClientCaStore,
    request: &CertificateRequest,
    file_options: FileOptions,
) -> anyhow::Result<(DeviceCertificate, Credential)> {
    let key = file_options.key.generate()?;
    let issued = ca_store.issue(request, &key)?;
    let credential = Credential::new(&issued, &key, file_options.encryption)?;
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
    /// When the system has no random numbers.
    pub fn pkcs12(&self) -> anyhow::Result<Vec<u8>> {
        let bundle = Bundle {
            friendly_name: &self.name,
            key: &self.key,
            certificate: &self.certificate,
            ca: &self.ca,
        };
        bundle.encode(self.password.as_str(), self.encryption)
    }

    /// Encodes the Apple configuration profile, with the certificate of a self-signed server.
    ///
    /// # Errors
    /// As [`Credential::pkcs12`].
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

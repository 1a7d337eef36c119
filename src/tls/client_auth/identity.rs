//! The identity of a client with a valid certificate.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use crate::tls::x509::{
    certificate_fields::{CertificateFields, serial_text},
    distinguished_name::{NameText, hex},
    sha256::sha256,
};

/// The identity of a client with a valid certificate; cheap to clone.
///
/// Two identities are equal when issuer key and serial number are equal; names are labels only.
/// Only a [`ClientCa`] creates one, for a valid chain.
///
/// [`ClientCa`]: crate::tls::ClientCa
#[derive(Clone, Debug)]
pub struct Identity(Arc<IdentityFields>);

/// The fields of a certificate that requests need.
#[derive(Debug)]
struct IdentityFields {
    key: [u8; 32],
    serial: String,
    common_name: Option<String>,
    subject: String,
    fingerprint: String,
    not_after: OffsetDateTime,
    certificate: CertificateDer<'static>,
}

/// Returns the serial number of an unverified certificate in upper-case hexadecimal.
///
/// Returns `None` if it cannot be parsed or has more than 64 bytes (RFC 5280 allows 20).
#[must_use]
pub fn unverified_serial(certificate: &CertificateDer<'_>) -> Option<String> {
    CertificateFields::parse(certificate)?.serial_text()
}

impl Identity {
    /// Creates the identity of a verified certificate; `issuer_key` is the issuer's
    /// SubjectPublicKeyInfo.
    pub(crate) fn new(
        certificate: &CertificateDer<'_>,
        parsed: &X509Certificate<'_>,
        issuer_key: &[u8],
    ) -> Self {
        let serial = parsed.raw_serial();
        let subject = NameText(parsed.subject());
        Self(Arc::new(IdentityFields {
            key: sha256(&[&sha256(issuer_key), serial].concat()),
            serial: serial_text(serial),
            common_name: subject.common_name(),
            subject: subject.to_string(),
            fingerprint: hex("", &sha256(certificate)),
            not_after: parsed.validity().not_after.to_datetime(),
            certificate: certificate.clone().into_owned(),
        }))
    }

    /// Returns the hash of issuer key and serial number, which identifies the certificate.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        self.0.key
    }

    /// Returns the serial number in upper-case hexadecimal, as OpenSSL prints it.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.0.serial
    }

    /// Returns the most specific common name, with control characters as `\XX`.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.common_name.as_deref()
    }

    /// Returns the subject in the form of RFC 4514, with control characters as `\XX`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Returns the SHA-256 of the certificate in upper-case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// Returns the end of the certificate's validity period.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.not_after
    }

    /// Returns the certificate in DER, for `Client-Cert` (RFC 9440).
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.0.certificate
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

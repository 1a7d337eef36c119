//! Who a valid client certificate says came.

use std::hash::{Hash, Hasher};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::distinguished_name::{self, hex};

/// Who a valid client certificate says came.
///
/// Two are equal when the same key signed the same serial number; names are labels only. Made
/// by [`ClientCa::judge`] alone.
///
/// [`ClientCa::judge`]: super::ClientCa::judge
#[derive(Clone, Debug)]
pub struct Identity {
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
    common_name: Option<String>,
    subject: String,
    not_after: OffsetDateTime,
    certificate: CertificateDer<'static>,
}

/// The serial number in upper case hexadecimal that a certificate claims to have.
#[must_use]
pub fn serial(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(digits(parsed.raw_serial()))
}

/// DER puts a zero before a high bit, which is no digit of the number.
fn digits(serial: &[u8]) -> String {
    match serial {
        [0, digits @ ..] if !digits.is_empty() => hex("", digits),
        digits => hex("", digits),
    }
}

impl Identity {
    /// `issuer_key` is the issuer's SubjectPublicKeyInfo.
    pub(super) fn new(
        certificate: &CertificateDer<'_>,
        parsed: &X509Certificate<'_>,
        issuer_key: &[u8],
    ) -> Self {
        Self {
            issuer_key: sha256(issuer_key),
            serial: parsed.raw_serial().to_vec(),
            common_name: distinguished_name::common_name(parsed.subject()),
            subject: distinguished_name::text(parsed.subject()),
            not_after: parsed.validity().not_after.to_datetime(),
            certificate: certificate.clone().into_owned(),
        }
    }

    /// A name of fixed size: that of the key which signed it and of the serial number.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(&sha256(&[&self.issuer_key[..], &self.serial].concat()));
        key
    }

    /// The serial number in upper case hexadecimal, as OpenSSL prints it.
    #[must_use]
    pub fn serial(&self) -> String {
        digits(&self.serial)
    }

    /// The most specific common name, control characters as `\XX`.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The subject as RFC 4514 writes it, control characters as `\XX`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// SHA-256 of the certificate, in upper case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex("", &sha256(&self.certificate))
    }

    /// End of the certificate's validity.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The certificate itself, for RFC 9440's `Client-Cert`.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.issuer_key == other.issuer_key && self.serial == other.serial
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.issuer_key.hash(state);
        self.serial.hash(state);
    }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

//! The identity that a valid client certificate proves.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use super::{
    distinguished_name::{self, hex},
    fields::Fields,
};

/// The identity that a valid client certificate proves; cheap to clone.
///
/// Two are equal when the same key signed the same serial number; names are labels only. Made
/// by [`ClientCa::judge`] alone.
///
/// [`ClientCa::judge`]: super::ClientCa::judge
#[derive(Clone, Debug)]
pub struct Identity(Arc<Named>);

/// The fields of a certificate as requests need them.
#[derive(Debug)]
struct Named {
    key: [u8; 32],
    serial: String,
    common_name: Option<String>,
    subject: String,
    fingerprint: String,
    not_after: OffsetDateTime,
    certificate: CertificateDer<'static>,
}

/// Bytes of a serial number beyond which it is none of a device's: RFC 5280 allows 20.
const LONGEST_SERIAL: usize = 64;

/// The serial number in upper case hexadecimal that a certificate claims to have.
#[must_use]
pub fn serial(certificate: &CertificateDer<'_>) -> Option<String> {
    claimed_serial(&Fields::of(certificate)?)
}

/// The same of a certificate that was read.
pub(super) fn claimed_serial(certificate: &Fields<'_>) -> Option<String> {
    let serial = certificate.serial;
    (serial.len() <= LONGEST_SERIAL).then(|| digits(serial))
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
        let serial = parsed.raw_serial();
        Self(Arc::new(Named {
            key: sha256(&[&sha256(issuer_key), serial].concat()),
            serial: digits(serial),
            common_name: distinguished_name::common_name(parsed.subject()),
            subject: distinguished_name::text(parsed.subject()),
            fingerprint: hex("", &sha256(certificate)),
            not_after: parsed.validity().not_after.to_datetime(),
            certificate: certificate.clone().into_owned(),
        }))
    }

    /// A name of fixed size: that of the key which signed it and of the serial number.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        self.0.key
    }

    /// The serial number in upper case hexadecimal, as OpenSSL prints it.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.0.serial
    }

    /// The most specific common name, control characters as `\XX`.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.common_name.as_deref()
    }

    /// The subject as RFC 4514 writes it, control characters as `\XX`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// SHA-256 of the certificate, in upper case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// End of the certificate's validity.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.not_after
    }

    /// The certificate itself, for RFC 9440's `Client-Cert`.
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

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

//! Serial numbers of certificates, and the list of revoked ones (CRL, RFC 5280, section 5).

use rcgen::{RevokedCertParams, SerialNumber};
use time::OffsetDateTime;
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Revoked {
    /// Serial number.
    pub(super) serial: Vec<u8>,
    /// Time of the revocation.
    pub(super) since: OffsetDateTime,
}

/// The revoked certificates of the client CA, each serial number once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RevocationList(Vec<Revoked>);

impl RevocationList {
    /// Parses a CRL in PEM; empty if it is malformed.
    pub(super) fn parse(crl: &str) -> Self {
        let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(crl.as_bytes()) else {
            return Self::default();
        };
        let Ok((_, parsed)) = CertificateRevocationList::from_der(&pem.contents) else {
            return Self::default();
        };
        let entries = parsed.iter_revoked_certificates();
        let revoked = entries.map(|entry| Revoked {
            serial: entry.raw_serial().to_vec(),
            since: entry.revocation_date.to_datetime(),
        });
        Self(revoked.collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the time at which a serial number was revoked.
    pub(super) fn since(&self, serial: &[u8]) -> Option<OffsetDateTime> {
        let mut revoked = self.0.iter();
        revoked
            .find(|revoked| revoked.serial == serial)
            .map(|revoked| revoked.since)
    }

    /// Adds the entries of which the serial number is new.
    pub(super) fn merge(mut self, more: impl IntoIterator<Item = Revoked>) -> Self {
        for revoked in more {
            if self.since(&revoked.serial).is_none() {
                self.0.push(revoked);
            }
        }
        self
    }

    /// Returns the entries of a CRL.
    pub(super) fn entries(&self) -> Vec<RevokedCertParams> {
        let entries = self.0.iter().map(|revoked| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&revoked.serial),
            revocation_time: revoked.since,
            reason_code: None,
            invalidity_date: None,
        });
        entries.collect()
    }
}

impl IntoIterator for RevocationList {
    type Item = Revoked;
    type IntoIter = std::vec::IntoIter<Revoked>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Parses the hexadecimal text of a serial number; `None` if it is malformed.
pub(super) fn serial_bytes(serial: &str) -> Option<Vec<u8>> {
    let digits = serial.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

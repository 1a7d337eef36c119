//! Revoked serial numbers of the client CA and its certificate revocation list (RFC 5280).

use rcgen::{RevokedCertParams, SerialNumber};
use time::OffsetDateTime;
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revoked {
    /// Serial number, big-endian.
    pub(crate) serial: Vec<u8>,
    /// Time of revocation.
    pub(crate) since: OffsetDateTime,
}

/// The revoked certificates of a list, each serial number once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Revocations(Vec<Revoked>);

impl Revoked {
    /// Builds the list entry, without a reason code.
    pub(crate) fn entry(&self) -> RevokedCertParams {
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(&self.serial),
            revocation_time: self.since,
            reason_code: None,
            invalidity_date: None,
        }
    }
}

impl Revocations {
    /// Parses a revocation list in PEM; an unreadable list revokes nothing.
    pub(crate) fn parse(pem: &str) -> Self {
        let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(pem.as_bytes()) else {
            return Self::default();
        };
        let Ok((_, list)) = CertificateRevocationList::from_der(&pem.contents) else {
            return Self::default();
        };
        let revoked = list.iter_revoked_certificates().map(|entry| Revoked {
            serial: entry.raw_serial().to_vec(),
            since: entry.revocation_date.to_datetime(),
        });
        Self(revoked.collect())
    }

    /// Adds the revocations with new serial numbers.
    pub(crate) fn join(mut self, more: impl IntoIterator<Item = Revoked>) -> Self {
        for revoked in more {
            if self.since(&revoked.serial).is_none() {
                self.0.push(revoked);
            }
        }
        self
    }

    /// Returns the time of revocation of a serial number.
    pub(crate) fn since(&self, serial: &[u8]) -> Option<OffsetDateTime> {
        let revoked = self.iter().find(|revoked| revoked.serial == serial);
        revoked.map(|revoked| revoked.since)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Revoked> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Revoked> for Revocations {
    fn from_iter<T: IntoIterator<Item = Revoked>>(revoked: T) -> Self {
        Self::default().join(revoked)
    }
}

impl IntoIterator for Revocations {
    type Item = Revoked;
    type IntoIter = std::vec::IntoIter<Revoked>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

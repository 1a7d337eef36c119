//! The revoked serial numbers of a list, by its version.

use std::collections::HashSet;

use anyhow::bail;
use rustls::pki_types::CertificateRevocationListDer;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::{revocation_list::CertificateRevocationList, x509::X509Version};

use super::{super::fields, useless};

/// The revoked serial numbers of a list.
pub(in crate::tls) enum Content {
    /// Version 1 has no extensions: a list is whole, and of its issuer only.
    Version1 {
        /// Content of the SEQUENCE, as webpki has it.
        issuer: Vec<u8>,
        /// Without leading zeros.
        serials: HashSet<Vec<u8>>,
    },
    Version2(CertRevocationList<'static>),
}

impl Content {
    /// Reads a list that `x509-parser` has parsed. Of a long list the entries take many times its
    /// bytes, so they are dropped before webpki reads it.
    ///
    /// # Errors
    /// A list that webpki does not take, or of version 1 with extensions.
    pub(super) fn read(
        der: &CertificateRevocationListDer<'_>,
        parsed: CertificateRevocationList<'_>,
    ) -> anyhow::Result<Self> {
        // RFC 5280, 5.1.2.1: a list of version 1 has no field for the version.
        let is_old = |version: X509Version| version == X509Version::V1;
        if !parsed.version().is_none_or(is_old) {
            drop(parsed);
            let list = OwnedCertRevocationList::from_der(der).map_err(|fault| useless(&fault))?;
            return Ok(Self::Version2(list.into()));
        }
        let revoked = || parsed.iter_revoked_certificates();
        let has_extensions = revoked().any(|entry| !entry.extensions().is_empty());
        if has_extensions || !parsed.extensions().is_empty() {
            bail!("damaged revocation list (version 1 with extensions); make it again");
        }
        Ok(Self::Version1 {
            issuer: fields::content_of(parsed.issuer().as_raw()).to_vec(),
            serials: revoked()
                .map(|entry| significant(entry.raw_serial()).to_vec())
                .collect(),
        })
    }

    /// The issuer's name: content of the SEQUENCE.
    pub(super) fn issuer(&self) -> &[u8] {
        match self {
            Self::Version1 { issuer, .. } => issuer,
            Self::Version2(list) => list.issuer(),
        }
    }

    /// Whether it is of version 1.
    pub(in crate::tls) fn is_version_1(&self) -> bool {
        matches!(self, Self::Version1 { .. })
    }

    /// The list that webpki judges by.
    pub(in crate::tls) fn version_2(&self) -> Option<&CertRevocationList<'static>> {
        match self {
            Self::Version1 { .. } => None,
            Self::Version2(list) => Some(list),
        }
    }

    /// Whether it covers all certificates of its issuer (RFC 5280, 5.2.5).
    pub(super) fn is_whole(&self) -> bool {
        let list = self.version_2();
        list.is_none_or(|list| list.issuing_distribution_point().is_none())
    }

    /// Whether it names a serial number.
    ///
    /// # Errors
    /// An entry that webpki cannot read.
    pub(super) fn names(&self, serial: &[u8]) -> Result<bool, webpki::Error> {
        match self {
            Self::Version1 { serials, .. } => Ok(serials.contains(significant(serial))),
            Self::Version2(list) => Ok(list.find_serial(serial)?.is_some()),
        }
    }
}

/// The octets of an INTEGER without leading zeros.
fn significant(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    &serial[zeros..]
}

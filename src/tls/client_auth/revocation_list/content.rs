//! The revoked serial numbers of a list.
//!
//! A look-up searches the bytes of the list; there is no index, because that of a list of 8 MB
//! takes 50 MB, and each signature check reads the whole list anyway.

use anyhow::{anyhow, bail};
use rustls::pki_types::CertificateRevocationListDer;
use webpki::{BorrowedCertRevocationList, CertRevocationList, Error as Fault};

use super::encoded::EncodedList;
use crate::tls::x509::certificate_fields::sequence_content;

/// The revoked serial numbers of a list.
pub(crate) struct ListContent {
    pub(super) der: CertificateRevocationListDer<'static>,
    /// Content of the SEQUENCE, as in webpki.
    issuer: Vec<u8>,
    /// Version 1 has no extensions, so each list is complete and covers only its issuer.
    is_version_1: bool,
    is_complete: bool,
}

impl ListContent {
    /// Checks a list with all its entries.
    ///
    /// # Errors
    /// webpki refuses the list, or a list of version 1 has extensions.
    pub(super) fn check(der: CertificateRevocationListDer<'static>) -> anyhow::Result<Self> {
        let list = EncodedList::parse(&der).map_err(|fault| damaged(&fault))?;
        let has_extensions = list.check_entries().map_err(|fault| damaged(&fault))?;
        let is_version_1 = list.is_version_1();
        if is_version_1 && has_extensions {
            bail!("damaged revocation list (version 1 with extensions); make it again");
        }
        // webpki compares octets: a padded number would revoke no certificate.
        if !is_version_1 && list.serials().flatten().any(is_padded) {
            bail!("damaged revocation list (a serial number with zeros before it); make it again");
        }
        Ok(Self {
            is_complete: is_version_1 || is_complete(&der).map_err(|fault| unusable(&fault))?,
            issuer: sequence_content(list.issuer.as_raw()).to_vec(),
            is_version_1,
            der,
        })
    }

    /// Returns the issuer's name: the content of the SEQUENCE.
    pub(super) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// Reports whether the list has version 1.
    pub(crate) fn is_version_1(&self) -> bool {
        self.is_version_1
    }

    /// Parses the list for webpki; `None` for version 1.
    ///
    /// # Errors
    /// None after [`Self::check`].
    pub(crate) fn version_2(&self) -> Option<Result<CertRevocationList<'_>, Fault>> {
        let list = || BorrowedCertRevocationList::from_der(&self.der).map(Into::into);
        (!self.is_version_1).then(list)
    }

    /// Reports whether the list covers all certificates of its issuer (RFC 5280, section 5.2.5).
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Reports whether a serial number is on the list.
    ///
    /// # Errors
    /// None after [`Self::check`].
    pub(super) fn names(&self, serial: &[u8]) -> Result<bool, Fault> {
        match self.version_2() {
            Some(list) => Ok(list?.find_serial(serial)?.is_some()),
            None => self.version_1_names(without_zeros(serial)),
        }
    }

    fn version_1_names(&self, serial: &[u8]) -> Result<bool, Fault> {
        let list = EncodedList::parse(&self.der).map_err(|_| Fault::BadDer)?;
        for revoked in list.serials() {
            if without_zeros(revoked.map_err(|_| Fault::BadDer)?) == serial {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Parses each entry of a list of version 2; reports whether it covers all certificates of its
/// issuer.
fn is_complete(der: &[u8]) -> Result<bool, Fault> {
    let list = BorrowedCertRevocationList::from_der(der)?;
    for entry in &list {
        entry?;
    }
    Ok(CertRevocationList::from(list)
        .issuing_distribution_point()
        .is_none())
}

/// Returns the error of bytes that are no revocation list.
pub(super) fn damaged(fault: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow!("damaged revocation list ({fault}); make it again")
}

fn unusable(fault: &Fault) -> anyhow::Error {
    match fault {
        Fault::UnsupportedDeltaCrl | Fault::UnsupportedIndirectCrl => {
            anyhow!("the revocation list is a delta or indirect one; name the CA's full list")
        }
        fault => anyhow!("the revocation list cannot be used ({fault}); make it again"),
    }
}

/// Reports whether an INTEGER begins with zeros that DER forbids (X.690, section 8.3.2).
fn is_padded(serial: &[u8]) -> bool {
    matches!(serial, [0, 0..0x80, ..])
}

/// Returns the octets of an INTEGER without leading zeros.
fn without_zeros(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    &serial[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_before_a_number_are_padding_unless_they_keep_it_positive() {
        for (serial, padded) in [
            (&[0x00, 0x77][..], true),
            (&[0x00, 0x00, 0x80], true),
            (&[0x00, 0x80], false),
            (&[0x77], false),
            (&[0x00], false),
            (&[0x77, 0x00], false),
        ] {
            assert_eq!(is_padded(serial), padded, "{serial:?}");
        }
    }
}

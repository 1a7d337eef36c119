//! The revoked serial numbers of a list, by its version.
//!
//! They are searched in the list's own bytes, and nothing else is kept: an index of a list of
//! 8 MB takes 50 MB. A search reads what the check of the signature has to read as well.

use anyhow::{anyhow, bail};
use rustls::pki_types::CertificateRevocationListDer;
use webpki::{BorrowedCertRevocationList, CertRevocationList, Error as Fault};

use super::{super::fields, encoded::EncodedList, useless};

/// The revoked serial numbers of a list.
pub(in crate::tls) struct Content {
    pub(super) der: CertificateRevocationListDer<'static>,
    /// Content of the SEQUENCE, as webpki has it.
    issuer: Vec<u8>,
    /// Version 1 has no extensions: a list is whole, and of its issuer only.
    is_version_1: bool,
    is_whole: bool,
}

impl Content {
    /// Checks a list with all its entries.
    ///
    /// # Errors
    /// A list that webpki does not take, or of version 1 with extensions.
    pub(super) fn check(der: CertificateRevocationListDer<'static>) -> anyhow::Result<Self> {
        let list = EncodedList::parse(&der).map_err(|fault| damaged(&fault))?;
        let has_extensions = list.check_entries().map_err(|fault| damaged(&fault))?;
        let is_version_1 = list.is_version_1();
        if is_version_1 && has_extensions {
            bail!("damaged revocation list (version 1 with extensions); make it again");
        }
        // webpki compares octets: such a number would revoke no certificate.
        if !is_version_1 && list.serials().flatten().any(is_padded) {
            bail!("damaged revocation list (a serial number with zeros before it); make it again");
        }
        Ok(Self {
            is_whole: is_version_1 || is_whole(&der).map_err(|fault| useless(&fault))?,
            issuer: fields::content_of(list.issuer.as_raw()).to_vec(),
            is_version_1,
            der,
        })
    }

    /// The issuer's name: content of the SEQUENCE.
    pub(super) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// Whether it is of version 1.
    pub(in crate::tls) fn is_version_1(&self) -> bool {
        self.is_version_1
    }

    /// The list that webpki judges by; none of version 1.
    ///
    /// # Errors
    /// None after [`Self::check`].
    pub(in crate::tls) fn version_2(&self) -> Option<Result<CertRevocationList<'_>, Fault>> {
        let list = || BorrowedCertRevocationList::from_der(&self.der).map(Into::into);
        (!self.is_version_1).then(list)
    }

    /// Whether it covers all certificates of its issuer (RFC 5280, 5.2.5).
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether it names a serial number.
    ///
    /// # Errors
    /// None after [`Self::check`].
    pub(super) fn names(&self, serial: &[u8]) -> Result<bool, Fault> {
        match self.version_2() {
            Some(list) => Ok(list?.find_serial(serial)?.is_some()),
            None => self.version_1_names(significant(serial)),
        }
    }

    fn version_1_names(&self, serial: &[u8]) -> Result<bool, Fault> {
        let list = EncodedList::parse(&self.der).map_err(|_| Fault::BadDer)?;
        for named in list.serials() {
            if significant(named.map_err(|_| Fault::BadDer)?) == serial {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a list of version 2 covers all certificates of its issuer; webpki has read each entry.
fn is_whole(der: &[u8]) -> Result<bool, Fault> {
    let list = BorrowedCertRevocationList::from_der(der)?;
    for entry in &list {
        entry?;
    }
    let list = CertRevocationList::from(list);
    Ok(list.issuing_distribution_point().is_none())
}

/// The error of what is no list.
pub(super) fn damaged(fault: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow!("damaged revocation list ({fault}); make it again")
}

/// Whether an INTEGER begins with zeros that DER leaves out (X.690, section 8.3.2).
fn is_padded(serial: &[u8]) -> bool {
    matches!(serial, [0, 0..0x80, ..])
}

/// The octets of an INTEGER without leading zeros.
fn significant(serial: &[u8]) -> &[u8] {
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

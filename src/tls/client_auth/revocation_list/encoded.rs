//! The DER encoding of a revocation list (RFC 5280, section 5.1).
//!
//! Parsed entries take many times the bytes of the list, so they are parsed one at a time.

use x509_parser::{
    asn1_rs::{Any, BitString},
    der_parser::{der::parse_der_u32, nom},
    error::{X509Error, X509Result},
    extensions::{ParsedExtension, X509Extension},
    num_bigint::BigUint,
    prelude::FromDer,
    revocation_list::RevokedCertificate,
    time::ASN1Time,
    x509::{AlgorithmIdentifier, X509Name, X509Version},
};

/// The extensions of a list (crlExtensions).
#[derive(Default)]
struct Extensions {
    is_present: bool,
    number: Option<BigUint>,
}

type Fault = nom::Err<X509Error>;

/// The fields of a list, with its entries unparsed.
pub(crate) struct EncodedList<'a> {
    pub(super) version: Option<X509Version>,
    pub(super) issuer: X509Name<'a>,
    pub(super) this_update: ASN1Time,
    pub(super) next_update: Option<ASN1Time>,
    /// Content of revokedCertificates.
    entries: &'a [u8],
    has_extensions: bool,
    /// cRLNumber (section 5.2.3).
    pub(super) number: Option<BigUint>,
    /// The TBSCertList with tag and length.
    pub(crate) signed: &'a [u8],
    pub(crate) signature: BitString<'a>,
}

impl<'a> EncodedList<'a> {
    /// Parses the fields without the entries.
    ///
    /// # Errors
    /// The bytes are no revocation list.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Fault> {
        let (_, list) = element(der, SEQUENCE)?;
        let (rest, content) = element(list, SEQUENCE)?;
        let signed = &list[..list.len() - rest.len()];
        let (rest, _) = AlgorithmIdentifier::from_der(rest)?;
        let (_, signature) = BitString::from_der(rest).map_err(nom::Err::convert)?;
        let (rest, version) = version(content)?;
        let (rest, _) = AlgorithmIdentifier::from_der(rest)?;
        let (rest, issuer) = X509Name::from_der(rest)?;
        let (rest, this_update) = ASN1Time::from_der(rest)?;
        let (rest, next_update) = optional(rest, &TIMES, ASN1Time::from_der)?;
        let entries = |rest| element(rest, SEQUENCE);
        let (rest, entries) = optional(rest, &[SEQUENCE], entries)?;
        let extensions = Extensions::parse(rest)?;
        Ok(Self {
            version,
            issuer,
            this_update,
            next_update,
            entries: entries.unwrap_or_default(),
            has_extensions: extensions.is_present,
            number: extensions.number,
            signed,
            signature,
        })
    }

    /// Reports whether the list has version 1, which has no version field (section 5.1.2.1).
    pub(super) fn is_version_1(&self) -> bool {
        self.version
            .is_none_or(|version| version == X509Version::V1)
    }

    /// Parses each entry; reports whether an entry or the list has extensions.
    ///
    /// # Errors
    /// An entry cannot be parsed.
    pub(super) fn check_entries(&self) -> Result<bool, Fault> {
        let (mut rest, mut has_extensions) = (self.entries, self.has_extensions);
        while !rest.is_empty() {
            let (after, entry) = RevokedCertificate::from_der(rest)?;
            has_extensions |= !entry.extensions().is_empty();
            rest = after;
        }
        Ok(has_extensions)
    }

    /// Iterates over the revoked serial numbers: the content of each INTEGER.
    pub(super) fn serials(&self) -> impl Iterator<Item = Result<&'a [u8], Fault>> + use<'a> {
        let mut rest = self.entries;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let read = element(rest, SEQUENCE).and_then(|(after, entry)| {
                rest = after;
                Ok(element(entry, INTEGER)?.1)
            });
            if read.is_err() {
                rest = &[];
            }
            Some(read)
        })
    }
}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
/// UTCTime and GeneralizedTime.
const TIMES: [u8; 2] = [0x17, 0x18];
/// `[0]`, constructed.
const EXTENSIONS: u8 = 0xA0;

fn version(content: &[u8]) -> X509Result<'_, Option<X509Version>> {
    let number = |rest| parse_der_u32(rest).map_err(|_| X509Error::InvalidVersion.into());
    let (rest, number) = optional(content, &[INTEGER], number)?;
    Ok((rest, number.map(X509Version)))
}

/// Parses the next element if it has one of these tags.
fn optional<'a, T>(
    rest: &'a [u8],
    tags: &[u8],
    parse: impl FnOnce(&'a [u8]) -> X509Result<'a, T>,
) -> X509Result<'a, Option<T>> {
    match rest.first() {
        Some(tag) if tags.contains(tag) => parse(rest).map(|(rest, value)| (rest, Some(value))),
        _ => Ok((rest, None)),
    }
}

impl Extensions {
    /// Parses the extensions at the end of a list.
    fn parse(rest: &[u8]) -> Result<Self, Fault> {
        if rest.is_empty() {
            return Ok(Self::default());
        }
        let (end, tagged) = element(rest, EXTENSIONS)?;
        let (tagged_end, mut extensions) = element(tagged, SEQUENCE)?;
        if !end.is_empty() || !tagged_end.is_empty() {
            return Err(X509Error::InvalidExtensions.into());
        }
        let mut parsed = Self {
            is_present: !extensions.is_empty(),
            number: None,
        };
        while !extensions.is_empty() {
            let (after, extension) = X509Extension::from_der(extensions)?;
            if let ParsedExtension::CRLNumber(number) = extension.parsed_extension() {
                parsed.number = Some(number.clone());
            }
            extensions = after;
        }
        Ok(parsed)
    }
}

/// Returns the content of the next element, which must have this tag.
fn element(rest: &[u8], tag: u8) -> X509Result<'_, &[u8]> {
    if rest.first() != Some(&tag) {
        return Err(X509Error::Generic.into());
    }
    let (rest, element) = Any::from_der(rest).map_err(nom::Err::convert)?;
    Ok((rest, element.data))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};
    use x509_parser::revocation_list::CertificateRevocationList;

    use super::*;
    use crate::tls::testing::TestCa;

    fn list() -> Vec<u8> {
        let ca = TestCa::new("Home CA");
        let (lost, sold) = (ca.issue("lost"), ca.issue("sold"));
        let pem = ca.revoke(&[&lost.serial, &sold.serial], 30);
        let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes());
        der.unwrap().as_ref().to_vec()
    }

    #[test]
    fn fields_equal_those_of_x509_parser() {
        let der = list();
        let (_, parsed) = CertificateRevocationList::from_der(&der).unwrap();
        let list = EncodedList::parse(&der).unwrap();
        assert_eq!(list.version, parsed.version());
        assert_eq!(list.issuer, *parsed.issuer());
        assert_eq!(list.this_update, parsed.last_update());
        assert_eq!(list.next_update, parsed.next_update());
        assert_eq!(list.signed, parsed.tbs_cert_list.as_ref());
        assert_eq!(list.signature.data, parsed.signature_value.data);
        assert!(list.check_entries().unwrap() && list.has_extensions);
        let serials: Vec<_> = list.serials().map(Result::unwrap).collect();
        let revoked = parsed.iter_revoked_certificates();
        assert_eq!(
            serials,
            revoked
                .map(RevokedCertificate::raw_serial)
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn truncated_or_altered_list_is_parsed_only_if_x509_parser_parses_it() {
        let der = list();
        let (_, head) = element(&der, SEQUENCE).unwrap();
        let end = der.len() - head.len() + EncodedList::parse(&der).unwrap().signed.len();
        for length in 0..der.len() {
            assert!(EncodedList::parse(&der[..length]).is_err(), "{length}");
        }
        for place in 0..end {
            let mut changed = der.clone();
            for bit in 0..8 {
                changed[place] = der[place] ^ (1 << bit);
                let whole = CertificateRevocationList::from_der(&changed).is_ok();
                let list = EncodedList::parse(&changed);
                let is_parsed = list.is_ok_and(|list| list.check_entries().is_ok());
                assert!(whole || !is_parsed, "bit {bit} of byte {place}");
            }
        }
    }
}

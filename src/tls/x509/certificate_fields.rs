//! The fields of a certificate that signature checks need (RFC 5280, section 4.1).
//!
//! webpki reads only version 3 without unknown critical extensions. The handshake verifies the key
//! of any certificate, so that an HTTP response can name the reason of a refusal.

use rustls::pki_types::{SubjectPublicKeyInfoDer, alg_id};
use webpki::{Error as Fault, RawPublicKeyEntity};
use x509_parser::{prelude::FromDer, public_key::PublicKey, x509::SubjectPublicKeyInfo};

use super::{crypto_provider::signature_algorithms, distinguished_name::hex};
use crate::tls::ClientCertificateError;

/// The fields of a certificate that signature checks need, of any version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CertificateFields<'a> {
    /// Content of the INTEGER.
    pub(crate) serial: &'a [u8],
    /// Content of the SEQUENCE, as in webpki.
    pub(crate) issuer: &'a [u8],
    /// Content of the SEQUENCE, as in webpki.
    pub(crate) subject: &'a [u8],
    /// The SubjectPublicKeyInfo with tag and length.
    pub(crate) public_key: &'a [u8],
    key_algorithm: &'a [u8],
    /// The TBSCertificate with tag and length.
    signed: &'a [u8],
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
/// Longest serial number that is logged, in bytes; RFC 5280 allows 20.
const MAX_SERIAL: usize = 64;

/// Returns the content of a SEQUENCE, or nothing for another element.
pub(crate) fn sequence_content(der: &[u8]) -> &[u8] {
    let read = Reader(der).next(SEQUENCE);
    read.map_or(&[], |element| element.content)
}

/// Formats a serial number in upper-case hexadecimal, without the zero byte of the DER sign.
pub(crate) fn serial_text(serial: &[u8]) -> String {
    match serial {
        [0, digits @ ..] if !digits.is_empty() => hex("", digits),
        digits => hex("", digits),
    }
}

impl<'a> CertificateFields<'a> {
    /// Parses the outer structure without allocation.
    pub(crate) fn parse(certificate: &'a [u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(certificate).next(SEQUENCE)?.content);
        let signed = certificate.next(SEQUENCE)?;
        let signature_algorithm = certificate.next(SEQUENCE)?.content;
        let signature = certificate.next(BIT_STRING)?.content.strip_prefix(&[0])?;
        let mut fields = Reader(signed.content);
        // Version 1 has no version field.
        let _ = fields.next(VERSION);
        let serial = fields.next(INTEGER)?.content;
        fields.next(SEQUENCE)?;
        let issuer = fields.next(SEQUENCE)?.content;
        fields.next(SEQUENCE)?;
        let subject = fields.next(SEQUENCE)?.content;
        let public_key = fields.next(SEQUENCE)?;
        Some(Self {
            serial,
            issuer,
            subject,
            key_algorithm: Reader(public_key.content).next(SEQUENCE)?.content,
            public_key: public_key.whole,
            signed: signed.whole,
            signature_algorithm,
            signature,
        })
    }

    /// Returns the serial number in upper-case hexadecimal, unless it has more than 64 bytes.
    pub(crate) fn serial_text(&self) -> Option<String> {
        (self.serial.len() <= MAX_SERIAL).then(|| serial_text(self.serial))
    }

    /// Reports whether the subject equals a name given with tag and length.
    pub(crate) fn is_named(&self, name: &[u8]) -> bool {
        sequence_content(name) == self.subject
    }

    /// Verifies the certificate's signature with the key of this SubjectPublicKeyInfo.
    pub(crate) fn must_be_signed_with(
        &self,
        public_key: &[u8],
    ) -> Result<(), ClientCertificateError> {
        let public_key = SubjectPublicKeyInfoDer::from(public_key);
        let public_key = RawPublicKeyEntity::try_from(&public_key)?;
        let algorithms = signature_algorithms().iter();
        for algorithm in
            algorithms.filter(|known| known.signature_alg_id().as_ref() == self.signature_algorithm)
        {
            match public_key.verify_signature(*algorithm, self.signed, self.signature) {
                // The same signature algorithm with a key on another curve.
                Err(Fault::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                verified => return Ok(verified?),
            }
        }
        Err(ClientCertificateError::WeakSignature)
    }

    /// Refuses a key if its signatures cannot be verified.
    pub(crate) fn must_have_supported_key(&self) -> Result<(), ClientCertificateError> {
        let mut algorithms = signature_algorithms().iter();
        if !algorithms.any(|known| known.public_key_alg_id().as_ref() == self.key_algorithm) {
            return Err(ClientCertificateError::UnknownKey);
        }
        if !self.is_rsa() {
            return Ok(());
        }
        let rsa = self.rsa().ok_or(ClientCertificateError::Malformed)?;
        match rsa.modulus_bits {
            bits @ ..MIN_RSA_BITS => Err(ClientCertificateError::ShortKey(bits)),
            _ if rsa.exponent_bits > MAX_EXPONENT_BITS => Err(ClientCertificateError::UnknownKey),
            _ => rsa.must_not_exceed(MAX_RSA_BITS),
        }
    }

    /// Refuses an RSA key longer than `most` bits; other keys pass.
    pub(crate) fn must_not_exceed(&self, most: usize) -> Result<(), ClientCertificateError> {
        if !self.is_rsa() {
            return Ok(());
        }
        self.rsa()
            .ok_or(ClientCertificateError::Malformed)?
            .must_not_exceed(most)
    }

    fn is_rsa(&self) -> bool {
        self.key_algorithm == alg_id::RSA_ENCRYPTION.as_ref()
    }

    fn rsa(&self) -> Option<RsaSize> {
        let (_, key) = SubjectPublicKeyInfo::from_der(self.public_key).ok()?;
        let Ok(PublicKey::RSA(key)) = key.parsed() else {
            return None;
        };
        Some(RsaSize {
            modulus_bits: RsaSize::bits(key.modulus),
            exponent_bits: RsaSize::bits(key.exponent),
        })
    }
}

/// Size of an RSA key.
struct RsaSize {
    modulus_bits: usize,
    exponent_bits: usize,
}

impl RsaSize {
    /// Counts the bits of a number, without leading zeros.
    fn bits(number: &[u8]) -> usize {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..).unwrap_or_default();
        let unused = digits.first().map_or(0, |first| first.leading_zeros());
        digits.len() * 8 - unused as usize
    }

    fn must_not_exceed(&self, most: usize) -> Result<(), ClientCertificateError> {
        let bits = self.modulus_bits;
        if bits > most {
            return Err(ClientCertificateError::LongKey { bits, most });
        }
        Ok(())
    }
}

/// Shortest RSA key that is accepted, in bits.
const MIN_RSA_BITS: usize = 2048;
/// Longest RSA key with which aws-lc verifies a signature, in bits.
const MAX_RSA_BITS: usize = 8192;
/// Longest exponent of such a key, in bits.
const MAX_EXPONENT_BITS: usize = 33;

/// Reads DER element by element.
struct Reader<'a>(&'a [u8]);

struct Element<'a> {
    /// With tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Returns the next element if it has this tag and at most 64 KiB.
    fn next(&mut self, tag: u8) -> Option<Element<'a>> {
        let (&[found, first], rest) = self.0.split_first_chunk()?;
        if found != tag {
            return None;
        }
        let (header, length) = match first {
            0x81 => (3, usize::from(*rest.first()?)),
            0x82 => {
                let (length, _) = rest.split_first_chunk()?;
                (4, usize::from(u16::from_be_bytes(*length)))
            }
            0x80.. => return None,
            short => (2, usize::from(short)),
        };
        let (whole, rest) = self.0.split_at_checked(header + length)?;
        self.0 = rest;
        let content = whole.get(header..)?;
        Some(Element { whole, content })
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::certificate::X509Certificate;

    use super::*;
    use crate::tls::testing::TestCa;

    #[test]
    fn fields_equal_those_of_x509_parser() {
        let ca = TestCa::new("Home CA");
        let leaf = &ca.issue("phone").chain[0];
        let fields = CertificateFields::parse(leaf).unwrap();
        let (_, parsed) = X509Certificate::from_der(leaf).unwrap();
        assert_eq!(fields.serial, parsed.raw_serial());
        assert!(parsed.issuer().as_raw().ends_with(fields.issuer));
        assert!(parsed.subject().as_raw().ends_with(fields.subject));
        assert_eq!(fields.public_key, parsed.public_key().raw);
        let key = CertificateFields::parse(ca.certificate.der())
            .unwrap()
            .public_key;
        fields.must_be_signed_with(key).unwrap();
        let own = fields.must_be_signed_with(fields.public_key);
        assert_eq!(own, Err(ClientCertificateError::BadSignature));
    }

    #[test]
    fn truncated_certificate_is_refused() {
        let leaf = TestCa::new("Home CA").issue("phone").chain.remove(0);
        for length in 0..leaf.len() {
            assert!(
                CertificateFields::parse(&leaf[..length]).is_none(),
                "{length}"
            );
        }
    }
}

//! The fields of a certificate that its signatures need (RFC 5280, 4.1), whatever its version and
//! extensions are.
//!
//! webpki reads certificates of version 3 without unknown critical extensions only; the handshake
//! has to check the key of others too, so that HTTP can name the reason.

use rustls::pki_types::{SubjectPublicKeyInfoDer, alg_id};
use webpki::{Error as Fault, RawPublicKeyEntity};
use x509_parser::{prelude::FromDer, public_key::PublicKey, x509::SubjectPublicKeyInfo};

use super::{Reason, settings::signatures};

/// The fields of a certificate that its signatures need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    /// Content of the INTEGER.
    pub(super) serial: &'a [u8],
    /// Content of the SEQUENCE, as webpki has it.
    pub(super) issuer: &'a [u8],
    /// Content of the SEQUENCE, as webpki has it.
    pub(super) subject: &'a [u8],
    /// The SubjectPublicKeyInfo with tag and length.
    pub(super) public_key: &'a [u8],
    key_algorithm: &'a [u8],
    signed: &'a [u8],
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// The content of a SEQUENCE; nothing of anything else.
pub(super) fn content_of(sequence: &[u8]) -> &[u8] {
    let read = Reader(sequence).next(SEQUENCE);
    read.map_or(&[], |element| element.content)
}

impl<'a> Fields<'a> {
    /// Reads the outer structure only; nothing is allocated.
    pub(super) fn of(certificate: &'a [u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(certificate).next(SEQUENCE)?.content);
        let signed = certificate.next(SEQUENCE)?;
        let signature_algorithm = certificate.next(SEQUENCE)?.content;
        let signature = certificate.next(BIT_STRING)?.content.strip_prefix(&[0])?;
        let mut fields = Reader(signed.content);
        // A certificate of version 1 has none.
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

    /// Whether the subject is this name, given with tag and length.
    pub(super) fn is_named(&self, name: &[u8]) -> bool {
        content_of(name) == self.subject
    }

    /// Checks that the certificate was signed with the key of this SubjectPublicKeyInfo.
    pub(super) fn must_be_signed_with(&self, public_key: &[u8]) -> Result<(), Reason> {
        let public_key = SubjectPublicKeyInfoDer::from(public_key);
        let public_key = RawPublicKeyEntity::try_from(&public_key)?;
        let named = signatures()
            .iter()
            .filter(|it| it.signature_alg_id().as_ref() == self.signature_algorithm);
        for algorithm in named {
            match public_key.verify_signature(*algorithm, self.signed, self.signature) {
                // The same signature algorithm with a key on another curve.
                Err(Fault::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                verified => return Ok(verified?),
            }
        }
        Err(Reason::WeakSignature)
    }

    /// Whether a signature by the certificate's own key can be checked at all.
    pub(super) fn must_have_known_key(&self) -> Result<(), Reason> {
        let known = signatures()
            .iter()
            .any(|it| it.public_key_alg_id().as_ref() == self.key_algorithm);
        if !known {
            return Err(Reason::UnknownKey);
        }
        if !self.is_rsa() {
            return Ok(());
        }
        let rsa = self.rsa().ok_or(Reason::Malformed)?;
        match rsa.modulus_bits {
            bits @ ..SHORTEST_RSA => Err(Reason::ShortKey(bits)),
            _ if rsa.exponent_bits > LONGEST_EXPONENT => Err(Reason::UnknownKey),
            _ => rsa.must_not_exceed(LONGEST_RSA),
        }
    }

    /// Refuses an RSA key longer than `most` bits; other keys pass.
    pub(super) fn must_not_exceed(&self, most: usize) -> Result<(), Reason> {
        if !self.is_rsa() {
            return Ok(());
        }
        self.rsa().ok_or(Reason::Malformed)?.must_not_exceed(most)
    }

    fn is_rsa(&self) -> bool {
        self.key_algorithm == alg_id::RSA_ENCRYPTION.as_ref()
    }

    fn rsa(&self) -> Option<Rsa> {
        let (_, key) = SubjectPublicKeyInfo::from_der(self.public_key).ok()?;
        let Ok(PublicKey::RSA(key)) = key.parsed() else {
            return None;
        };
        Some(Rsa {
            modulus_bits: bits(key.modulus),
            exponent_bits: bits(key.exponent),
        })
    }
}

/// The sizes of an RSA key.
struct Rsa {
    modulus_bits: usize,
    exponent_bits: usize,
}

impl Rsa {
    fn must_not_exceed(&self, most: usize) -> Result<(), Reason> {
        let bits = self.modulus_bits;
        if bits > most {
            return Err(Reason::LongKey { bits, most });
        }
        Ok(())
    }
}

/// The bits of a number, without leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let unused = digits.first().map_or(0, |first| first.leading_zeros());
    digits.len() * 8 - unused as usize
}

/// The shortest RSA key taken, in bits.
pub(super) const SHORTEST_RSA: usize = 2048;
/// The longest RSA key that aws-lc checks a signature of, in bits.
const LONGEST_RSA: usize = 8192;
/// The longest exponent of an RSA key that it does, in bits.
const LONGEST_EXPONENT: usize = 33;

/// DER, element by element.
struct Reader<'a>(&'a [u8]);

struct Element<'a> {
    /// With tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next element if it has this tag, of at most 64 KiB.
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
    fn fields_are_those_that_a_whole_parser_reads() {
        let ca = TestCa::new("Home CA");
        let leaf = &ca.issue("phone").chain[0];
        let fields = Fields::of(leaf).unwrap();
        let (_, parsed) = X509Certificate::from_der(leaf).unwrap();
        assert_eq!(fields.serial, parsed.raw_serial());
        assert!(parsed.issuer().as_raw().ends_with(fields.issuer));
        assert!(parsed.subject().as_raw().ends_with(fields.subject));
        assert_eq!(fields.public_key, parsed.public_key().raw);
        let key = Fields::of(ca.certificate.der()).unwrap().public_key;
        fields.must_be_signed_with(key).unwrap();
        let own = fields.must_be_signed_with(fields.public_key);
        assert_eq!(own, Err(Reason::BadSignature));
    }

    #[test]
    fn bytes_cut_off_anywhere_are_no_certificate() {
        let leaf = TestCa::new("Home CA").issue("phone").chain.remove(0);
        for length in 0..leaf.len() {
            assert!(Fields::of(&leaf[..length]).is_none(), "{length}");
        }
    }
}

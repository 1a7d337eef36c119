//! Certificates and revocation lists of version 1, as OpenSSL writes them with a minimal
//! configuration.

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{SerialNumber, SigningKey};
use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};

use super::{TestCa, TestLeaf};

/// Tags of the fields that version 1 lacks, in lists and in certificates.
const NOT_IN_VERSION_1: [&[u8]; 2] = [&[0x02, 0xA0], &[0xA0, 0xA3]];

/// Converts a leaf to X.509 version 1; the CA signs it again.
pub(crate) fn version_1(ca: &TestCa, mut issued: TestLeaf) -> TestLeaf {
    let [_, of_certificates] = NOT_IN_VERSION_1;
    issued.chain = vec![ca.sign_without(of_certificates, &issued.chain[0]).into()];
    issued
}

impl TestCa {
    /// Signs a list of version 1 in PEM that expires in this number of days.
    pub(crate) fn revoke_by_version_1(&self, serials: &[&SerialNumber], days: i64) -> String {
        let pem = self.revoke(serials, days);
        let list = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap();
        let [of_lists, _] = NOT_IN_VERSION_1;
        to_pem(&self.sign_without(of_lists, &list))
    }

    /// Signs a certificate or list again, without the fields of these tags.
    fn sign_without(&self, tags: &[u8], der: &[u8]) -> Vec<u8> {
        let whole = elements(content(der));
        let mut fields = elements(content(whole[0]));
        fields.retain(|field| !tags.contains(&field[0]));
        let signed = element(0x30, &fields.concat());
        let signature = self.issuer.key().sign(&signed).unwrap();
        let signature = element(0x03, &[&[0], signature.as_slice()].concat());
        element(0x30, &[signed.as_slice(), whole[1], &signature].concat())
    }
}

/// Encodes a list in PEM.
fn to_pem(der: &[u8]) -> String {
    let (begin, end) = ("-----BEGIN X509 CRL-----", "-----END X509 CRL-----");
    format!("{begin}\n{}\n{end}\n", STANDARD.encode(der))
}

/// Encodes a DER element.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        short @ ..0x80 => vec![tag, u8::try_from(short).unwrap()],
        0x80..0x100 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}

/// Returns the length of an element's head and of its content.
fn head(element: &[u8]) -> (usize, usize) {
    match element[1] {
        0x81 => (3, usize::from(element[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([element[2], element[3]]))),
        short => (2, usize::from(short)),
    }
}

/// Returns the content of a DER element.
fn content(element: &[u8]) -> &[u8] {
    &element[head(element).0..]
}

/// Splits DER into its elements.
fn elements(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (start, length) = head(bytes);
        let (one, rest) = bytes.split_at(start + length);
        elements.push(one);
        bytes = rest;
    }
    elements
}

//! Certificates and revocation lists of version 1, as OpenSSL makes them of a small configuration.

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{SerialNumber, SigningKey};
use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};

use super::{Issued, TestCa};

/// The version of a list, the version and the extensions of a list or certificate.
const NOT_IN_VERSION_1: [&[u8]; 2] = [&[0x02, 0xA0], &[0xA0, 0xA3]];

/// The same leaf as a certificate of X.509 version 1, signed by the CA again.
pub(crate) fn version_1(ca: &TestCa, mut issued: Issued) -> Issued {
    let [_, of_certificates] = NOT_IN_VERSION_1;
    issued.chain = vec![ca.sign_without(of_certificates, &issued.chain[0]).into()];
    issued
}

impl TestCa {
    /// A PEM list of version 1 that ends so many days from now.
    pub(crate) fn revoke_by_version_1(&self, serials: &[&SerialNumber], days: i64) -> String {
        let pem = self.revoke(serials, days);
        let list = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap();
        let [of_lists, _] = NOT_IN_VERSION_1;
        armored(&self.sign_without(of_lists, &list))
    }

    /// Signs what was signed again, without the fields of these tags.
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

/// A list as PEM.
fn armored(der: &[u8]) -> String {
    let (begin, end) = ("-----BEGIN X509 CRL-----", "-----END X509 CRL-----");
    format!("{begin}\n{}\n{end}\n", STANDARD.encode(der))
}

/// An element of DER with this content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        short @ ..0x80 => vec![tag, u8::try_from(short).unwrap()],
        0x80..0x100 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}

fn head(element: &[u8]) -> (usize, usize) {
    match element[1] {
        0x81 => (3, usize::from(element[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([element[2], element[3]]))),
        short => (2, usize::from(short)),
    }
}

/// The content of an element of DER.
fn content(element: &[u8]) -> &[u8] {
    &element[head(element).0..]
}

/// The elements of DER one after the other.
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

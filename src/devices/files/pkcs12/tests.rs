//! The structure of the files; the end-to-end tests read them with other programs.

use rcgen::{CertifiedIssuer, KeyPair};
use yasna::{ASN1Result, BERReader, BERReaderSeq, parse_der};

use crate::{
    devices::files::pkcs12::*,
    tls::testing::{ca_params, leaf_params, new_key},
};

/// Key, certificate and CA of a device.
struct Device {
    key: Vec<u8>,
    certificate: Vec<u8>,
    ca: Vec<u8>,
}

impl Device {
    fn new() -> Self {
        let ca = CertifiedIssuer::self_signed(ca_params("hubgate"), new_key()).unwrap();
        let key: KeyPair = new_key();
        let certificate = leaf_params("anna").signed_by(&key, &ca).unwrap();
        Self {
            key: key.serialize_der(),
            certificate: certificate.der().to_vec(),
            ca: ca.der().to_vec(),
        }
    }

    fn bundle<'a>(&'a self, friendly_name: &'a str) -> Bundle<'a> {
        Bundle {
            friendly_name,
            key: &self.key,
            certificate: &self.certificate,
            ca: &self.ca,
        }
    }
}

fn read_der(reader: BERReader<'_, '_>) -> ASN1Result<Vec<u8>> {
    reader.read_der()
}

/// A parsed SafeBag; each attribute has a kind and a value in DER.
#[derive(Debug, PartialEq)]
struct Bag {
    kind: ObjectIdentifier,
    value: Vec<u8>,
    attributes: Vec<(ObjectIdentifier, Vec<u8>)>,
}

impl Bag {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|bag| {
            Ok(Self {
                kind: bag.next().read_oid()?,
                value: bag.next().read_tagged(Tag::context(0), read_der)?,
                attributes: bag.read_default(Vec::new(), read_attributes)?,
            })
        })
    }

    fn attribute(&self, kind: &[u64]) -> Option<&[u8]> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(found, _)| *found == oid(kind))?;
        Some(value)
    }
}

fn read_attributes(reader: BERReader<'_, '_>) -> ASN1Result<Vec<(ObjectIdentifier, Vec<u8>)>> {
    reader.collect_set_of(|attribute| {
        attribute.read_sequence(|attribute| {
            let kind = attribute.next().read_oid()?;
            let values = attribute.next().collect_set_of(read_der)?;
            Ok((kind, values.concat()))
        })
    })
}

fn bags(der: &[u8]) -> Vec<Bag> {
    parse_der(der, |reader| reader.collect_sequence_of(Bag::read)).unwrap()
}

#[test]
fn key_and_certificate_share_id_and_name_and_the_ca_has_none() {
    let device = Device::new();
    let bundle = device.bundle("Anna's phone");
    let attributes = Attributes::new(&bundle);
    let certificates = bags(&bundle.certificate_bags(&attributes));
    let key = Encryption::Legacy.encrypt("secret", bundle.key).unwrap();
    let keys = bags(&key.key_bags(&attributes));
    let [certificate, ca] = &certificates[..] else {
        panic!("{certificates:?}");
    };
    assert_eq!(keys[0].kind, oid(SHROUDED_KEY_BAG));
    assert_eq!(certificate.kind, oid(CERTIFICATE_BAG));
    assert_eq!(certificate.attributes.len(), 2);
    assert_eq!(keys[0].attributes, certificate.attributes);
    assert_eq!(ca.attributes, []);
    assert!(ca.value.ends_with(&device.ca));
    assert!(certificate.value.ends_with(&device.certificate));
}

#[test]
fn a_name_of_any_script_is_utf_16() {
    let device = Device::new();
    for (name, utf_16) in [
        ("Ä", &b"\x1e\x02\x00\xc4"[..]),
        ("אב", b"\x1e\x04\x05\xd0\x05\xd1"),
        ("📱", b"\x1e\x04\xd8\x3d\xdc\xf1"),
        ("", b"\x1e\x00"),
    ] {
        let bundle = device.bundle(name);
        let certificates = bags(&bundle.certificate_bags(&Attributes::new(&bundle)));
        assert_eq!(certificates[0].attribute(FRIENDLY_NAME), Some(utf_16));
    }
}

#[test]
fn a_file_contains_neither_key_nor_certificate_in_plain() {
    let device = Device::new();
    for encryption in [Encryption::Legacy, Encryption::Modern] {
        let file = device.bundle("anna").encode("secret", encryption).unwrap();
        let holds = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        assert!(!holds(&device.key[device.key.len() - 32..]));
        assert!(!holds(&device.certificate[..32]));
        assert!(!holds(b"secret"));
    }
}

#[test]
fn the_mac_has_a_new_salt_of_eight_bytes_each_time() {
    let device = Device::new();
    for (encryption, iterations) in [(Encryption::Legacy, 2048), (Encryption::Modern, 100_000)] {
        let encode = || device.bundle("anna").encode("secret", encryption).unwrap();
        let (salt, found) = mac(&encode());
        assert_eq!((salt.len(), found), (8, iterations));
        let (other_salt, _) = mac(&encode());
        assert_ne!(salt, other_salt);
    }
}

/// Returns salt and iterations of the MAC.
fn mac(file: &[u8]) -> (Vec<u8>, u32) {
    let read = |mac: &mut BERReaderSeq<'_, '_>| {
        mac.next().read_der()?;
        Ok((mac.next().read_bytes()?, mac.next().read_u32()?))
    };
    let file = parse_der(file, |reader| {
        reader.read_sequence(|file| {
            file.next().read_u8()?;
            file.next().read_der()?;
            file.next().read_sequence(read)
        })
    });
    file.unwrap()
}

#[test]
fn an_empty_password_is_refused() {
    let device = Device::new();
    let bundle = device.bundle("anna");
    let refused = bundle.encode("", Encryption::Modern).unwrap_err();
    assert!(refused.to_string().contains("needs a password"));
}

#[test]
fn the_default_encryption_is_the_one_that_every_phone_reads() {
    assert_eq!(Encryption::default(), Encryption::Legacy);
}

//! A PKCS#12 file (RFC 7292): a device's key with its certificate and the CA, under a password.
//!
//! The parts come in the order OpenSSL writes them, so that no phone meets a form new to it. The
//! file is composed here because crates that do it cannot name a device by an emoji; all
//! cryptography is the provider's. What lives where: `encryption` hides the bags, `mac` guards
//! the whole, `derivation` makes keys of the password.

mod derivation;
mod encryption;
mod mac;
mod password;
#[cfg(test)]
mod tests;

use anyhow::ensure;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use yasna::{DERWriter, DERWriterSeq, DERWriterSet, Tag, construct_der, models::ObjectIdentifier};

use self::{encryption::Encrypted, mac::Mac};
pub use self::{
    encryption::Encryption,
    password::{Password, password},
};

/// A key with its certificate, to be put into a file.
#[derive(Clone, Copy)]
pub struct Bundle<'a> {
    /// What the device's owner reads in lists of certificates.
    pub friendly_name: &'a str,
    /// The private key, DER of PKCS#8.
    pub key: &'a [u8],
    /// The certificate of the key, DER.
    pub certificate: &'a [u8],
    /// The certificate of the CA that signed it, DER.
    pub ca: &'a [u8],
}

/// The bytes of a `.p12` file.
///
/// # Errors
/// When the password is empty, which some phones take for none at all, or the crypto provider
/// fails.
pub fn encode(
    bundle: &Bundle<'_>,
    password: &str,
    encryption: Encryption,
) -> anyhow::Result<Vec<u8>> {
    ensure!(
        !password.is_empty(),
        "a PKCS#12 file needs a password: some phones do not open one without"
    );
    let attributes = Attributes::of(bundle);
    let certificates = encryption.encrypt(password, &certificate_bags(bundle, &attributes))?;
    let key = encryption.encrypt(password, bundle.key)?;
    let safe = authenticated_safe(&certificates, &key_bags(&key, &attributes));
    let mac = Mac::over(&safe, password, encryption)?;
    Ok(file(&safe, &mac))
}

/// What says that a key and a certificate belong together, and whose they are.
struct Attributes<'a> {
    friendly_name: &'a str,
    local_key_id: Vec<u8>,
}

impl<'a> Attributes<'a> {
    /// The local key id is the certificate's SHA-1, as it is from OpenSSL.
    fn of(bundle: &Bundle<'a>) -> Self {
        let id = digest(&SHA1_FOR_LEGACY_USE_ONLY, bundle.certificate);
        Self {
            friendly_name: bundle.friendly_name,
            local_key_id: id.as_ref().to_vec(),
        }
    }

    fn write(&self, set: &mut DERWriterSet<'_>) {
        attribute(set.next(), FRIENDLY_NAME, |value| {
            value.write_bmp_string(self.friendly_name);
        });
        attribute(set.next(), LOCAL_KEY_ID, |value| {
            value.write_bytes(&self.local_key_id);
        });
    }
}

/// PFX: the content, and the MAC over it.
fn file(safe: &[u8], mac: &Mac) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|pfx| {
            pfx.next().write_u8(3);
            data(pfx.next(), safe);
            mac.write(pfx.next());
        });
    })
}

/// The certificates, encrypted as one, and then the key, which is encrypted in its bag.
fn authenticated_safe(certificates: &Encrypted, key_bags: &[u8]) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|safe| {
            encrypted_data(safe.next(), certificates);
            data(safe.next(), key_bags);
        });
    })
}

/// The device's certificate, and that of the CA, which has no key here and so no id.
fn certificate_bags(bundle: &Bundle<'_>, attributes: &Attributes<'_>) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|bags| {
            bag(bags, CERTIFICATE_BAG, Some(attributes), |value| {
                x509(value, bundle.certificate);
            });
            bag(bags, CERTIFICATE_BAG, None, |value| x509(value, bundle.ca));
        });
    })
}

fn key_bags(key: &Encrypted, attributes: &Attributes<'_>) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|bags| {
            bag(bags, SHROUDED_KEY_BAG, Some(attributes), |value| {
                value.write_sequence(|info| {
                    info.next().write_der(&key.algorithm);
                    info.next().write_bytes(&key.content);
                });
            });
        });
    })
}

fn bag(
    bags: &mut DERWriterSeq<'_>,
    kind: &[u64],
    attributes: Option<&Attributes<'_>>,
    value: impl FnOnce(DERWriter<'_>),
) {
    bags.next().write_sequence(|bag| {
        bag.next().write_oid(&oid(kind));
        bag.next().write_tagged(Tag::context(0), value);
        if let Some(attributes) = attributes {
            bag.next().write_set_of(|set| attributes.write(set));
        }
    });
}

fn x509(writer: DERWriter<'_>, certificate: &[u8]) {
    writer.write_sequence(|bag| {
        bag.next().write_oid(&oid(X509_CERTIFICATE));
        bag.next()
            .write_tagged(Tag::context(0), |value| value.write_bytes(certificate));
    });
}

fn attribute(writer: DERWriter<'_>, kind: &[u64], value: impl FnOnce(DERWriter<'_>)) {
    writer.write_sequence(|attribute| {
        attribute.next().write_oid(&oid(kind));
        attribute.next().write_set_of(|values| value(values.next()));
    });
}

/// ContentInfo of plain bytes.
fn data(writer: DERWriter<'_>, content: &[u8]) {
    writer.write_sequence(|info| {
        info.next().write_oid(&oid(DATA));
        info.next()
            .write_tagged(Tag::context(0), |value| value.write_bytes(content));
    });
}

/// ContentInfo of encrypted bytes.
fn encrypted_data(writer: DERWriter<'_>, encrypted: &Encrypted) {
    writer.write_sequence(|info| {
        info.next().write_oid(&oid(ENCRYPTED_DATA));
        info.next().write_tagged(Tag::context(0), |value| {
            value.write_sequence(|data| {
                data.next().write_u8(0);
                data.next().write_sequence(|content| {
                    content.next().write_oid(&oid(DATA));
                    content.next().write_der(&encrypted.algorithm);
                    content
                        .next()
                        .write_tagged_implicit(Tag::context(0), |value| {
                            value.write_bytes(&encrypted.content);
                        });
                });
            });
        });
    });
}

fn oid(components: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(components)
}

const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];
const ENCRYPTED_DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 6];
const SHROUDED_KEY_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 2];
const CERTIFICATE_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 3];
const X509_CERTIFICATE: &[u64] = &[1, 2, 840, 113_549, 1, 9, 22, 1];
const FRIENDLY_NAME: &[u64] = &[1, 2, 840, 113_549, 1, 9, 20];
const LOCAL_KEY_ID: &[u64] = &[1, 2, 840, 113_549, 1, 9, 21];

/// The parameters of an algorithm that has none.
fn null(writer: DERWriter<'_>) {
    writer.write_null();
}

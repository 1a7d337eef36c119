//! A PKCS#12 file (RFC 7292) with the key and certificate of a device, and the CA's certificate.
//!
//! The parts have the order of OpenSSL, which every phone reads. No crate is used for the encoding,
//! as those cannot encode a device name with an emoji; the cryptography is the provider's.
//! `encryption` encrypts the bags, `mac` authenticates the file, and `derivation` derives keys from
//! the password.

mod derivation;
mod encryption;
mod mac;
mod password;

use anyhow::ensure;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use yasna::{DERWriter, DERWriterSeq, DERWriterSet, Tag, construct_der, models::ObjectIdentifier};

use self::{encryption::Encrypted, mac::Mac};
pub use self::{encryption::Encryption, password::Password};

/// The content of a PKCS#12 file.
#[derive(Clone, Copy)]
pub struct Bundle<'a> {
    /// Name that lists of certificates show.
    pub friendly_name: &'a str,
    /// Private key, PKCS#8 in DER.
    pub key: &'a [u8],
    /// Certificate of the key, DER.
    pub certificate: &'a [u8],
    /// Certificate of the CA, DER.
    pub ca: &'a [u8],
}

impl Bundle<'_> {
    /// Encodes the `.p12` file.
    ///
    /// # Errors
    /// The password is empty, which some phones do not accept, or the crypto provider fails.
    pub fn encode(&self, password: &str, encryption: Encryption) -> anyhow::Result<Vec<u8>> {
        ensure!(
            !password.is_empty(),
            "a PKCS#12 file needs a password: some phones do not open one without"
        );
        let attributes = Attributes::new(self);
        let certificates = encryption.encrypt(password, &self.certificate_bags(&attributes))?;
        let key = encryption.encrypt(password, self.key)?;
        let safe = authenticated_safe(&certificates, &attributes.key_bags(&key));
        let mac = Mac::over(&safe, password, encryption)?;
        Ok(file(&safe, &mac))
    }

    /// Encodes the certificate of the device with its attributes, and that of the CA without.
    fn certificate_bags(&self, attributes: &Attributes<'_>) -> Vec<u8> {
        construct_der(|writer| {
            writer.write_sequence(|bags| {
                bag(bags, CERTIFICATE_BAG, Some(attributes), |value| {
                    x509(value, self.certificate);
                });
                bag(bags, CERTIFICATE_BAG, None, |value| x509(value, self.ca));
            });
        })
    }
}

/// The attributes of the bags of a key and its certificate (RFC 2985, section 5.5).
struct Attributes<'a> {
    friendly_name: &'a str,
    local_key_id: Vec<u8>,
}

impl<'a> Attributes<'a> {
    /// Returns the attributes; the local key ID is the SHA-1 of the certificate, as in OpenSSL.
    fn new(bundle: &Bundle<'a>) -> Self {
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

    /// Encodes the encrypted key with these attributes.
    fn key_bags(&self, key: &Encrypted) -> Vec<u8> {
        construct_der(|writer| {
            writer.write_sequence(|bags| {
                bag(bags, SHROUDED_KEY_BAG, Some(self), |value| {
                    value.write_sequence(|info| {
                        info.next().write_der(&key.algorithm);
                        info.next().write_bytes(&key.content);
                    });
                });
            });
        })
    }
}

/// Encodes the PFX: the authenticated safe and its MAC.
fn file(safe: &[u8], mac: &Mac) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|pfx| {
            pfx.next().write_u8(3);
            data(pfx.next(), safe);
            mac.write(pfx.next());
        });
    })
}

/// Encodes the AuthenticatedSafe: the encrypted certificates, and the bag of the encrypted key.
fn authenticated_safe(certificates: &Encrypted, key_bags: &[u8]) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|safe| {
            certificates.write(safe.next());
            data(safe.next(), key_bags);
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

/// Writes a ContentInfo of plain bytes.
fn data(writer: DERWriter<'_>, content: &[u8]) {
    writer.write_sequence(|info| {
        info.next().write_oid(&oid(DATA));
        info.next()
            .write_tagged(Tag::context(0), |value| value.write_bytes(content));
    });
}

impl Encrypted {
    /// Writes a ContentInfo of encrypted bytes.
    fn write(&self, writer: DERWriter<'_>) {
        writer.write_sequence(|info| {
            info.next().write_oid(&oid(ENCRYPTED_DATA));
            info.next().write_tagged(Tag::context(0), |value| {
                value.write_sequence(|data| {
                    data.next().write_u8(0);
                    data.next().write_sequence(|content| {
                        content.next().write_oid(&oid(DATA));
                        content.next().write_der(&self.algorithm);
                        content
                            .next()
                            .write_tagged_implicit(Tag::context(0), |value| {
                                value.write_bytes(&self.content);
                            });
                    });
                });
            });
        });
    }
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

/// Writes the parameters of an algorithm that has none.
fn null(writer: DERWriter<'_>) {
    writer.write_null();
}

#[cfg(test)]
mod tests;

//! PKCS#12 files (RFC 7292): a device's key, its certificate and the CA, under a password.
//!
//! The file has the structure that OpenSSL writes, which every phone reads. No existing crate
//! supports a friendly name with an emoji; all cryptography is the provider's. `encryption`
//! encrypts the bags, `mac` authenticates the file, `derivation` derives the keys.

mod derivation;
mod encryption;
mod mac;
mod password;
#[cfg(test)]
mod tests;

use anyhow::ensure;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use yasna::{DERWriter, DERWriterSeq, DERWriterSet, Tag, construct_der, models::ObjectIdentifier};

pub use self::encryption::Encryption;
pub(crate) use self::password::Password;
use self::{encryption::Encrypted, mac::Mac};

/// The content of a PKCS#12 file.
#[derive(Clone, Copy)]
pub(crate) struct Bundle<'a> {
    /// Name in the device's list of certificates.
    pub friendly_name: &'a str,
    /// Private key, DER of PKCS#8.
    pub key: &'a [u8],
    /// Certificate of the key, DER.
    pub certificate: &'a [u8],
    /// Certificate of the issuing CA, DER.
    pub ca: &'a [u8],
}

impl Bundle<'_> {
    /// Encodes a `.p12` file.
    ///
    /// # Errors
    /// When the password is empty, which some phones treat as no password, or the crypto provider
    /// fails.
    pub(crate) fn encode(&self, password: &str, encryption: Encryption) -> anyhow::Result<Vec<u8>> {
        ensure!(
            !password.is_empty(),
            "a PKCS#12 file needs a password: some phones do not open one without"
        );
        let attributes = Attributes::new(self);
        let safe = AuthenticatedSafe {
            certificates: encryption.encrypt(password, &self.certificate_bags(&attributes))?,
            key_bags: encryption
                .encrypt(password, self.key)?
                .key_bags(&attributes),
        };
        let safe = safe.encode();
        let mac = Mac::new(&safe, password, encryption)?;
        Ok(Pfx { safe, mac }.encode())
    }

    /// Encodes the bags of both certificates; the CA has no attributes, since its key is absent.
    fn certificate_bags(&self, attributes: &Attributes<'_>) -> Vec<u8> {
        let leaf = SafeBag {
            kind: CERTIFICATE_BAG,
            attributes: Some(attributes),
        };
        let ca = SafeBag {
            attributes: None,
            ..leaf
        };
        construct_der(|writer| {
            writer.write_sequence(|bags| {
                leaf.write(bags.next(), |value| x509(value, self.certificate));
                ca.write(bags.next(), |value| x509(value, self.ca));
            });
        })
    }
}

/// The attributes that link a key to its certificate and name both.
struct Attributes<'a> {
    friendly_name: &'a str,
    local_key_id: Vec<u8>,
}

impl<'a> Attributes<'a> {
    /// Derives the local key id from the certificate by SHA-1, like OpenSSL.
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
}

/// PFX: the authenticated safe and its MAC.
struct Pfx {
    safe: Vec<u8>,
    mac: Mac,
}

impl Pfx {
    fn encode(&self) -> Vec<u8> {
        construct_der(|writer| {
            writer.write_sequence(|pfx| {
                pfx.next().write_u8(3);
                data(pfx.next(), &self.safe);
                self.mac.write(pfx.next());
            });
        })
    }
}

/// AuthenticatedSafe: the certificate bags, encrypted as a whole, and the bags of encrypted keys.
struct AuthenticatedSafe {
    certificates: Encrypted,
    key_bags: Vec<u8>,
}

impl AuthenticatedSafe {
    fn encode(&self) -> Vec<u8> {
        construct_der(|writer| {
            writer.write_sequence(|safe| {
                self.certificates.write_encrypted_data(safe.next());
                data(safe.next(), &self.key_bags);
            });
        })
    }
}

/// SafeBag without its value.
#[derive(Clone, Copy)]
struct SafeBag<'a> {
    kind: &'a [u64],
    attributes: Option<&'a Attributes<'a>>,
}

impl SafeBag<'_> {
    fn write(&self, writer: DERWriter<'_>, value: impl FnOnce(DERWriter<'_>)) {
        writer.write_sequence(|bag| {
            bag.next().write_oid(&oid(self.kind));
            bag.next().write_tagged(Tag::context(0), value);
            if let Some(attributes) = self.attributes {
                bag.next().write_set_of(|set| attributes.write(set));
            }
        });
    }
}

impl Encrypted {
    /// Encodes the bags of one encrypted key (PKCS8ShroudedKeyBag).
    fn key_bags(&self, attributes: &Attributes<'_>) -> Vec<u8> {
        let bag = SafeBag {
            kind: SHROUDED_KEY_BAG,
            attributes: Some(attributes),
        };
        construct_der(|writer| {
            writer.write_sequence(|bags| {
                bag.write(bags.next(), |value| {
                    value.write_sequence(|info| {
                        info.next().write_der(&self.algorithm);
                        info.next().write_bytes(&self.content);
                    });
                });
            });
        })
    }

    /// Writes a ContentInfo of type encryptedData.
    fn write_encrypted_data(&self, writer: DERWriter<'_>) {
        writer.write_sequence(|info| {
            info.next().write_oid(&oid(ENCRYPTED_DATA));
            info.next().write_tagged(Tag::context(0), |value| {
                value.write_sequence(|data| {
                    data.next().write_u8(0);
                    data.next()
                        .write_sequence(|content| self.write_content(content));
                });
            });
        });
    }

    /// Writes the fields of an EncryptedContentInfo.
    fn write_content(&self, content: &mut DERWriterSeq<'_>) {
        content.next().write_oid(&oid(DATA));
        content.next().write_der(&self.algorithm);
        content
            .next()
            .write_tagged_implicit(Tag::context(0), |value| {
                value.write_bytes(&self.content);
            });
    }
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

/// Writes a ContentInfo of type data.
fn data(writer: DERWriter<'_>, content: &[u8]) {
    writer.write_sequence(|info| {
        info.next().write_oid(&oid(DATA));
        info.next()
            .write_tagged(Tag::context(0), |value| value.write_bytes(content));
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

/// Writes the parameters of an algorithm without parameters.
fn null(writer: DERWriter<'_>) {
    writer.write_null();
}

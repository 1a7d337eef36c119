//! Encryption of the bags: PKCS#12's own scheme with triple DES, or PBES2 (RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{
        AES_256, Algorithm as Cipher, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256},
    iv::FixedLength,
    pbkdf2,
};
use serde::{Deserialize, Serialize};
use yasna::{DERWriter, construct_der};
use zeroize::Zeroizing;

use super::{
    derivation::{Derivation, Purpose},
    null, oid,
};
use crate::devices::random;

/// The algorithms of a file.
///
/// `Legacy` is the default: iOS before 18 opens nothing else, and Android up to 13 answers AES
/// with "wrong password". It is no weakness here, since the file is sent once over HTTPS to a
/// device with the code, and its password is random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// Triple DES for key and certificates, MAC with SHA-1, 2048 iterations.
    #[default]
    Legacy,
    /// AES-256-CBC with PBKDF2-HMAC-SHA-256, MAC with SHA-256, 100 000 iterations.
    Modern,
}

/// Encrypted bytes with their AlgorithmIdentifier in DER.
pub(super) struct Encrypted {
    pub(super) algorithm: Vec<u8>,
    pub(super) content: Vec<u8>,
}

impl Encryption {
    /// Returns the iterations: few enough for a Raspberry Pi, since the password is random;
    /// `Legacy` has the number of OpenSSL and Apple.
    pub(super) fn iterations(self) -> NonZeroU32 {
        match self {
            Self::Legacy => LEGACY_ITERATIONS,
            Self::Modern => MODERN_ITERATIONS,
        }
    }

    /// Returns the hash of the MAC.
    pub(super) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Legacy => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Modern => &SHA256,
        }
    }

    pub(super) fn encrypt(self, password: &str, content: &[u8]) -> anyhow::Result<Encrypted> {
        match self {
            Self::Legacy => self.triple_des(password, content),
            Self::Modern => self.pbes2(password, content),
        }
    }

    /// Encrypts with pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292, appendix C).
    fn triple_des(self, password: &str, content: &[u8]) -> anyhow::Result<Encrypted> {
        let salt: [u8; 8] = random()?;
        let derivation = Derivation {
            hash: self.hash(),
            password,
            salt: &salt,
            iterations: self.iterations(),
        };
        let key = derivation.derive(Purpose::Key, 24);
        let iv = derivation.derive(Purpose::Iv, 8);
        let iv = FixedLength::try_from(iv.as_slice())?;
        Ok(Encrypted {
            algorithm: self.triple_des_identifier(&salt),
            content: encrypt_cbc(TRIPLE_DES, &key, EncryptionContext::Iv64(iv), content)?,
        })
    }

    fn pbes2(self, password: &str, content: &[u8]) -> anyhow::Result<Encrypted> {
        let (salt, iv): ([u8; 16], [u8; 16]) = (random()?, random()?);
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            self.iterations(),
            &salt,
            password.as_bytes(),
            key.as_mut(),
        );
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        Ok(Encrypted {
            algorithm: self.pbes2_identifier(&salt, &iv),
            content: encrypt_cbc(&AES_256, key.as_ref(), context, content)?,
        })
    }

    fn triple_des_identifier(self, salt: &[u8]) -> Vec<u8> {
        construct_der(|writer| {
            algorithm(writer, PBE_SHA1_TRIPLE_DES, |parameters| {
                parameters.write_sequence(|parameters| {
                    parameters.next().write_bytes(salt);
                    parameters.next().write_u32(self.iterations().get());
                });
            });
        })
    }

    fn pbes2_identifier(self, salt: &[u8], iv: &[u8]) -> Vec<u8> {
        construct_der(|writer| {
            algorithm(writer, PBES2, |parameters| {
                parameters.write_sequence(|parameters| {
                    self.write_pbkdf2(parameters.next(), salt);
                    algorithm(parameters.next(), AES_256_CBC, |value| {
                        value.write_bytes(iv);
                    });
                });
            });
        })
    }

    fn write_pbkdf2(self, writer: DERWriter<'_>, salt: &[u8]) {
        algorithm(writer, PBKDF2, |parameters| {
            parameters.write_sequence(|parameters| {
                parameters.next().write_bytes(salt);
                parameters.next().write_u32(self.iterations().get());
                algorithm(parameters.next(), HMAC_SHA256, null);
            });
        });
    }
}

/// Writes an AlgorithmIdentifier.
pub(super) fn algorithm(
    writer: DERWriter<'_>,
    kind: &[u64],
    parameters: impl FnOnce(DERWriter<'_>),
) {
    writer.write_sequence(|algorithm| {
        algorithm.next().write_oid(&oid(kind));
        parameters(algorithm.next());
    });
}

/// Encrypts in CBC mode with the padding of PKCS#7, which is at most one block.
fn encrypt_cbc(
    cipher: &'static Cipher,
    key: &[u8],
    iv: EncryptionContext,
    content: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let key = UnboundCipherKey::new(cipher, key)?;
    // The capacity includes the padding: a reallocation would leave a copy of the private key.
    let mut bytes = Vec::with_capacity(content.len() + cipher.block_len());
    bytes.extend_from_slice(content);
    PaddedBlockEncryptingKey::cbc_pkcs7(key)?.less_safe_encrypt(&mut bytes, iv)?;
    Ok(bytes)
}

const LEGACY_ITERATIONS: NonZeroU32 = NonZeroU32::new(2048).unwrap();
const MODERN_ITERATIONS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

#[expect(deprecated, reason = "phones in use still require it")]
const TRIPLE_DES: &Cipher = &aws_lc_rs::cipher::DES_EDE3_FOR_LEGACY_USE_ONLY;

const PBE_SHA1_TRIPLE_DES: &[u64] = &[1, 2, 840, 113_549, 1, 12, 1, 3];
const PBES2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 13];
const PBKDF2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 12];
const HMAC_SHA256: &[u64] = &[1, 2, 840, 113_549, 2, 9];
const AES_256_CBC: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 1, 42];

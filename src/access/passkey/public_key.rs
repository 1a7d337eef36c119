//! Public keys of credentials: COSE_Key (RFC 9052, section 7) with ES256, EdDSA or RS256.
//!
//! The key names its algorithm, and a signature is verified with that one only: no part of a
//! response selects an algorithm.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use super::{
    cbor::{CborError, CborMap, Label},
    encoded::Encoded,
};

/// Algorithm of a credential (section 5.8.5), by its COSE number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 9053, section 2.2).
    EdDsa,
    /// ECDSA with SHA-256 on P-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8812, section 2).
    Rs256,
}

/// The public key of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CoseKey", into = "CoseKey")]
pub struct PublicKey {
    cose: CoseKey,
    material: Material,
}

/// The fault of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no COSE_Key.
    #[error("the public key is malformed: {0}")]
    Cbor(#[from] CborError),
    /// The algorithm is none of those that the options offer.
    #[error("the algorithm {0} of the public key is not offered")]
    Algorithm(i64),
    /// Type, curve, length or parameters do not fit the algorithm, or the point is not on the curve.
    #[error("the public key does not fit its algorithm")]
    Parameters,
}

/// The encoded key; an RSA key of 4096 bits has about 530 bytes.
type CoseKey = Encoded<1, MAX_KEY>;

/// The parameters that the cryptography needs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Ed25519([u8; 32]),
    /// Uncompressed point (SEC 1, section 2.3.3).
    P256([u8; 65]),
    Rsa {
        n: Box<[u8]>,
        e: Box<[u8]>,
    },
}

/// Longest encoded key, in bytes.
const MAX_KEY: usize = 1024;
/// Sizes of RSA keys, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// Longest exponent of an RSA key, in bytes; bounds the cost of a verification.
const MAX_EXPONENT: usize = 4;

const KEY_TYPE: Label<'_> = Label::Number(1);
const ALGORITHM: Label<'_> = Label::Number(3);
const FIRST: Label<'_> = Label::Number(-1);
const SECOND: Label<'_> = Label::Number(-2);
const THIRD: Label<'_> = Label::Number(-3);

impl Algorithm {
    /// The offered algorithms, in order of preference.
    pub const OFFERED: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// Returns the number of the algorithm in the COSE registry.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Rs256 => -257,
        }
    }
}

impl PublicKey {
    /// Parses a COSE_Key of 1024 bytes at most.
    ///
    /// # Errors
    /// The bytes are no COSE_Key, or not one of the offered algorithms with exactly its parameters.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let cose = CoseKey::new(bytes).ok_or(CborError::TooLarge)?;
        let map = CborMap::read(bytes)?;
        let number = map.number(ALGORITHM)?;
        let mut offered = Algorithm::OFFERED.into_iter();
        let algorithm = offered.find(|algorithm| algorithm.number() == number);
        let material = match algorithm.ok_or(KeyError::Algorithm(number))? {
            Algorithm::EdDsa => Material::ed25519(&map)?,
            Algorithm::Es256 => Material::p256(&map)?,
            Algorithm::Rs256 => Material::rsa(&map)?,
        };
        Ok(Self { cose, material })
    }

    /// Returns the algorithm of the key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.material {
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::P256(_) => Algorithm::Es256,
            Material::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Verifies a signature of a message by this key, with its algorithm.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Ed25519(key) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Material::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.is_ok()
    }
}

impl Material {
    /// Key type OKP, curve Ed25519 (RFC 9053, section 7.2).
    fn ed25519(map: &CborMap<'_>) -> Result<Self, KeyError> {
        expect(map, (1, 6), 4)?;
        let key = fixed(map.bytes(SECOND)?)?;
        let parsed = UnparsedPublicKey::new(&ED25519, &key).parse();
        parsed.map_err(|_| KeyError::Parameters)?;
        Ok(Self::Ed25519(key))
    }

    /// Key type EC2, curve P-256 (RFC 9053, section 7.1), never compressed (section 5.8.5).
    fn p256(map: &CborMap<'_>) -> Result<Self, KeyError> {
        expect(map, (2, 1), 5)?;
        let x: [u8; 32] = fixed(map.bytes(SECOND)?)?;
        let y: [u8; 32] = fixed(map.bytes(THIRD)?)?;
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&x);
        point[33..].copy_from_slice(&y);
        let parsed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point).parse();
        parsed.map_err(|_| KeyError::Parameters)?;
        Ok(Self::P256(point))
    }

    /// Key type RSA (RFC 8230, section 4).
    fn rsa(map: &CborMap<'_>) -> Result<Self, KeyError> {
        let (n, e) = (map.bytes(FIRST)?, map.bytes(SECOND)?);
        let is_exponent = is_odd(e) && e.len() <= MAX_EXPONENT && bits(e) > 1;
        let is_modulus = is_odd(n) && RSA_BITS.contains(&bits(n));
        if map.number(KEY_TYPE)? != 3 || map.len() != 4 || !is_exponent || !is_modulus {
            return Err(KeyError::Parameters);
        }
        let parsed =
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        parsed.map_err(|_| KeyError::Parameters)?;
        let (n, e) = (n.into(), e.into());
        Ok(Self::Rsa { n, e })
    }
}

/// Compares key type, curve and number of parameters; other parameters are forbidden (section
/// 6.5.1).
fn expect(
    map: &CborMap<'_>,
    (key_type, curve): (i64, i64),
    entries: usize,
) -> Result<(), KeyError> {
    let fits =
        map.number(KEY_TYPE)? == key_type && map.number(FIRST)? == curve && map.len() == entries;
    fits.then_some(()).ok_or(KeyError::Parameters)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], KeyError> {
    bytes.try_into().map_err(|_| KeyError::Parameters)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

/// Returns the bits of a number without leading zero bytes; zero for one that has some.
fn bits(number: &[u8]) -> usize {
    match number {
        [] | [0, ..] => 0,
        [first, rest @ ..] => rest.len() * 8 + first.ilog2() as usize + 1,
    }
}

impl TryFrom<CoseKey> for PublicKey {
    type Error = KeyError;

    fn try_from(cose: CoseKey) -> Result<Self, KeyError> {
        Self::parse(cose.as_bytes())
    }
}

impl From<PublicKey> for CoseKey {
    fn from(key: PublicKey) -> Self {
        key.cose
    }
}

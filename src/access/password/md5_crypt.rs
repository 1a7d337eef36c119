//! Apache's `$apr1$`, 1000 rounds of MD5, as `htpasswd -m` and openHABian write it.
//!
//! No maintained crate implements it. The hash is weak, and accepted because existing files use it.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

/// A parsed `$apr1$salt$digest`.
#[derive(Clone)]
pub(super) struct Apr1 {
    salt: String,
    digest: String,
}

const MAGIC: &str = "$apr1$";
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MAX_SALT: usize = 8;
const DIGEST_LENGTH: usize = 22;

/// Indices of the digest's bytes in the order in which each three are encoded.
const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
/// Index of the byte that is encoded last.
const LAST: usize = 11;

impl Apr1 {
    /// Parses the text after `$apr1$`; `None` unless it is a salt and a digest.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (salt, digest) = text.split_once('$')?;
        let well_formed = (1..=MAX_SALT).contains(&salt.len())
            && digest.len() == DIGEST_LENGTH
            && digest.bytes().all(|byte| ALPHABET.contains(&byte));
        well_formed.then(|| Self {
            salt: salt.to_owned(),
            digest: digest.to_owned(),
        })
    }

    /// Returns the length of the salt, in bytes.
    pub(super) fn salt_length(&self) -> usize {
        self.salt.len()
    }

    /// Reports whether the password has this digest; the comparison takes constant time.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        let digest = encode(Computation { password, salt }.digest());
        digest.ct_eq(self.digest.as_bytes()).into()
    }
}

/// The computation of one digest.
#[derive(Clone, Copy)]
struct Computation<'a> {
    password: &'a [u8],
    salt: &'a [u8],
}

impl Computation<'_> {
    fn digest(self) -> [u8; 16] {
        let Self { password, salt } = self;
        let inner = Md5::new()
            .chain_update(password)
            .chain_update(salt)
            .chain_update(password)
            .finalize();
        let mut first = Md5::new()
            .chain_update(password)
            .chain_update(MAGIC)
            .chain_update(salt);
        for chunk in password.chunks(inner.len()) {
            first.update(&inner[..chunk.len()]);
        }
        let mut length = password.len();
        while length > 0 {
            first.update(if length & 1 == 1 {
                &[0]
            } else {
                &password[..1]
            });
            length >>= 1;
        }
        let first = first.finalize().into();
        (0..1000).fold(first, |last, round| self.stretch(last, round))
    }

    fn stretch(self, last: [u8; 16], round: u32) -> [u8; 16] {
        let Self { password, salt } = self;
        let odd = round % 2 == 1;
        let mut digest = Md5::new();
        digest.update(if odd { password } else { &last });
        if !round.is_multiple_of(3) {
            digest.update(salt);
        }
        if !round.is_multiple_of(7) {
            digest.update(password);
        }
        digest.update(if odd { &last } else { password });
        digest.finalize().into()
    }
}

fn encode(digest: [u8; 16]) -> Vec<u8> {
    let mut text = Vec::with_capacity(DIGEST_LENGTH);
    for [high, middle, low] in ORDER {
        let bytes = [0, digest[high], digest[middle], digest[low]];
        push(&mut text, u32::from_be_bytes(bytes), 4);
    }
    push(&mut text, u32::from(digest[LAST]), 2);
    text
}

/// Appends `count` digits of six bits, the least significant first.
fn push(text: &mut Vec<u8>, mut bits: u32, count: usize) {
    for _ in 0..count {
        text.push(ALPHABET[(bits & 0x3f) as usize]);
        bits >>= 6;
    }
}

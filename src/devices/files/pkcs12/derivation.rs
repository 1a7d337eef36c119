//! Key derivation from a password (RFC 7292, appendix B).

use std::num::NonZeroU32;

use aws_lc_rs::digest::{Algorithm, digest};
use zeroize::Zeroizing;

/// Use of the derived bytes: the ID byte of RFC 7292, appendix B.3.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The inputs of a derivation except its purpose.
pub(super) struct Derivation<'a> {
    pub(super) hash: &'static Algorithm,
    pub(super) password: &'a str,
    pub(super) salt: &'a [u8],
    pub(super) iterations: NonZeroU32,
}

impl Derivation<'_> {
    /// Derives `length` bytes; the variables have RFC 7292's letters.
    pub(super) fn derive(&self, purpose: Purpose, length: usize) -> Zeroizing<Vec<u8>> {
        let block = self.hash.block_len();
        let mut derived = Zeroizing::new(Vec::with_capacity(length + self.hash.output_len()));
        let mut i = self.repeated_salt_and_password(block);
        while derived.len() < length {
            let a = self.hash_repeatedly(purpose, &i);
            derived.extend_from_slice(&a);
            let b = Zeroizing::new(repeated(&a, block));
            i.chunks_mut(block)
                .for_each(|chunk| add_with_one(chunk, &b));
        }
        derived.truncate(length);
        derived
    }

    fn repeated_salt_and_password(&self, block: usize) -> Zeroizing<Vec<u8>> {
        let password = bmp_string(self.password);
        let p = Zeroizing::new(repeated(&password, password.len().next_multiple_of(block)));
        let s = repeated(self.salt, self.salt.len().next_multiple_of(block));
        Zeroizing::new([s.as_slice(), p.as_slice()].concat())
    }

    fn hash_repeatedly(&self, purpose: Purpose, i: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut input = Zeroizing::new(vec![purpose as u8; self.hash.block_len()]);
        input.extend_from_slice(i);
        let first = digest(self.hash, &input).as_ref().to_vec();
        let again = |a: Vec<u8>, _| digest(self.hash, &Zeroizing::new(a)).as_ref().to_vec();
        Zeroizing::new((1..self.iterations.get()).fold(first, again))
    }
}

/// Encodes the password in UTF-16 with a terminating zero, as the derivation requires.
fn bmp_string(password: &str) -> Zeroizing<Vec<u8>> {
    let units = password.encode_utf16().chain([0]);
    Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())
}

fn repeated(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

/// Sets `chunk` to `chunk + b + 1` as one big-endian number, without the final carry.
fn add_with_one(chunk: &mut [u8], b: &[u8]) {
    let mut carry = 1;
    for (digit, b) in chunk.iter_mut().zip(b).rev() {
        let sum = u16::from(*digit) + u16::from(*b) + carry;
        let [high, low] = sum.to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;

    use super::*;

    /// Vectors of P. Gutmann, used by OpenSSL and Bouncy Castle too.
    #[test]
    fn derived_bytes_equal_published_vectors() {
        for (password, salt, iterations, purpose, derived) in [
            (
                "smeg",
                0x0A58_CF64_530D_823F,
                1,
                Purpose::Key,
                "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3",
            ),
            (
                "smeg",
                0x0A58_CF64_530D_823F,
                1,
                Purpose::Iv,
                "79993dfe048d3b76",
            ),
            (
                "smeg",
                0x3D83_C0E4_546A_C140,
                1,
                Purpose::Mac,
                "8d967d88f6caa9d714800ab3d48051d63f73a312",
            ),
            (
                "queeg",
                0x05DE_C959_ACFF_72F7,
                1000,
                Purpose::Key,
                "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4",
            ),
            (
                "queeg",
                0x05DE_C959_ACFF_72F7,
                1000,
                Purpose::Iv,
                "11dedad7758d4860",
            ),
            (
                "queeg",
                0x2632_16FC_C2FA_B31C,
                1000,
                Purpose::Mac,
                "5ec4c7a80df652294c3925b6489a7ab857c83476",
            ),
        ] {
            let derivation = Derivation {
                hash: &SHA1_FOR_LEGACY_USE_ONLY,
                password,
                salt: &u64::to_be_bytes(salt),
                iterations: NonZeroU32::new(iterations).unwrap(),
            };
            let bytes = derivation.derive(purpose, derived.len() / 2);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, derived);
        }
    }

    #[test]
    fn a_password_is_utf_16_with_a_terminating_zero() {
        assert_eq!(bmp_string("a🔑").as_slice(), b"\0a\xd8\x3d\xdd\x11\0\0");
    }
}

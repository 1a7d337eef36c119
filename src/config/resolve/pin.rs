//! `upstream.pin`: the certificate of a hub, its file or SHA-256.

use super::Resolver;
use crate::config::{model::Pin, tree::Place};

/// Mark of a SHA-256 in place of a file.
const SHA256: &str = "sha256:";

impl Resolver<'_> {
    /// The certificate that is trusted alone.
    pub(super) fn pin(&mut self, place: &Place<'_>, written: &str) -> Option<Pin> {
        let beginning = written.get(..SHA256.len()).unwrap_or_default();
        if !beginning.eq_ignore_ascii_case(SHA256) {
            return self.file(place, written).map(Pin::File);
        }
        let hash = hash(&written[SHA256.len()..]);
        self.keep(place, hash.map(Pin::Sha256))
    }
}

/// Reads 32 bytes in hexadecimal, with a colon between them or not.
fn hash(text: &str) -> Result<[u8; 32], String> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let fault = || {
        format!(
            "no SHA-256 behind `sha256:`: write its 64 hexadecimal digits, not {}",
            digits.len()
        )
    };
    if digits.len() != 64 {
        return Err(fault());
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| NO_DIGITS.to_owned())?;
        let is_digits = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = is_digits
            .then(|| u8::from_str_radix(pair, 16).ok())
            .flatten();
        *byte = value.ok_or_else(|| NO_DIGITS.to_owned())?;
    }
    Ok(hash)
}

const NO_DIGITS: &str = "no SHA-256 behind `sha256:`: write hexadecimal digits only";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha256_is_read_with_and_without_colons_in_either_case() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(hash(&plain), Ok([0xab; 32]));
        assert_eq!(hash(&colons), Ok([0xab; 32]));
    }

    #[test]
    fn what_is_no_sha256_is_refused() {
        let long = "ab".repeat(33);
        let odd = "+a".repeat(32);
        for text in ["", "abcd", &long, &odd, &"\u{e4}".repeat(32)] {
            assert!(hash(text).unwrap_err().contains("no SHA-256"), "{text}");
        }
    }
}

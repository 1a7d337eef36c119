//! `upstream.pin`: the certificate of the upstream, as a file or as its SHA-256.

use super::{Resolved, Resolver};
use crate::config::{model::Pin, tree::Location};

/// Prefix of a SHA-256; any other text is a file.
const SHA256: &str = "sha256:";

impl Resolver<'_> {
    pub(super) fn pin(&mut self, location: &Location<'_>, written: &str) -> Resolved<Pin> {
        let prefix = written.get(..SHA256.len()).unwrap_or_default();
        if !prefix.eq_ignore_ascii_case(SHA256) {
            return self.file(location, written).map(Pin::File);
        }
        self.checked(location, Pin::parse_sha256(&written[SHA256.len()..]))
    }
}

impl Pin {
    /// Parses 32 bytes in hexadecimal, with or without colons.
    fn parse_sha256(text: &str) -> Result<Self, String> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        if digits.len() != 64 {
            return Err(format!(
                "no SHA-256 after `sha256:`: write its 64 hexadecimal digits, not {}",
                digits.len()
            ));
        }
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err("no SHA-256 after `sha256:`: write hexadecimal digits only".to_owned());
        }
        let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [value(pair[0]), value(pair[1])];
            *byte = u8::try_from(high * 16 + low).unwrap_or_default();
        }
        Ok(Self::Sha256(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha256_is_parsed_with_and_without_colons_in_either_case() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(Pin::parse_sha256(&plain), Ok(Pin::Sha256([0xab; 32])));
        assert_eq!(Pin::parse_sha256(&colons), Ok(Pin::Sha256([0xab; 32])));
    }

    #[test]
    fn text_that_is_no_sha256_is_refused() {
        let long = "ab".repeat(33);
        let odd = "+a".repeat(32);
        for text in ["", "abcd", &long, &odd, &"\u{e4}".repeat(32)] {
            let refusal = Pin::parse_sha256(text).unwrap_err();
            assert!(refusal.contains("no SHA-256"), "{text}");
        }
    }
}

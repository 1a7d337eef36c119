//! Percent-encoded bytes that are not UTF-8, such as names that old programs encode in Latin-1.
//!
//! Hubs keep such bytes, replace them by U+FFFD, or drop them. Overlong forms are refused, as some
//! hubs decode them as other characters.

use super::{RawPath, decode::DecodedPath};

impl DecodedPath<'_> {
    /// Reports a control character in the valid UTF-8 of the path.
    pub(super) fn has_control(&self) -> bool {
        let mut chunks = self.as_bytes().utf8_chunks();
        chunks.any(|chunk| chunk.valid().contains(char::is_control))
    }

    /// Reports invalid bytes that look like the beginning of a multi-byte character: a hub that
    /// does not validate them may decode an ASCII character (RFC 3629, section 10).
    pub(super) fn may_be_overlong(&self) -> bool {
        let invalid = self.invalid();
        let leads = |byte: u8| byte >= 0xC0;
        let continues = |byte: u8| (0x80..0xC0).contains(&byte);
        let pairs = self.as_bytes().windows(2).zip(&invalid);
        pairs
            .filter(|(_, is_invalid)| **is_invalid)
            .any(|(pair, _)| leads(pair[0]) && continues(pair[1]))
    }

    /// Marks the bytes that are not UTF-8.
    fn invalid(&self) -> Vec<bool> {
        let mut invalid = Vec::new();
        for chunk in self.as_bytes().utf8_chunks() {
            invalid.resize(invalid.len() + chunk.valid().len(), false);
            invalid.resize(invalid.len() + chunk.invalid().len(), true);
        }
        invalid
    }
}

impl RawPath<'_> {
    /// Returns the encoded path without its invalid bytes, `None` if every byte is valid.
    pub(super) fn without_invalid(&self) -> Option<Vec<u8>> {
        let invalid = self.decoded.invalid();
        if !invalid.contains(&true) {
            return None;
        }
        let (mut valid, mut rest) = (Vec::with_capacity(self.raw.len()), self.raw);
        for is_invalid in invalid {
            let length = if rest.first() == Some(&b'%') { 3 } else { 1 };
            let (token, after) = rest.split_at_checked(length)?;
            if !is_invalid {
                valid.extend_from_slice(token);
            }
            rest = after;
        }
        Some(valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be_overlong(decoded: &[u8]) -> bool {
        DecodedPath::parse(decoded).unwrap().may_be_overlong()
    }

    #[test]
    fn latin_1_bytes_are_dropped_and_utf_8_characters_kept() {
        let latin_1 = RawPath::parse(b"/caf%e9/K%C3%BCche/%fc").unwrap();
        assert_eq!(latin_1.without_invalid().unwrap(), b"/caf/K%C3%BCche/");
        let utf_8 = RawPath::parse(b"/K%C3%BCche").unwrap();
        assert_eq!(utf_8.without_invalid(), None);
        assert!(!latin_1.decoded.may_be_overlong());
    }

    #[test]
    fn overlong_forms_and_truncated_characters_may_be_other_characters() {
        for decoded in [
            &b"/\xc0\xaf"[..],
            b"/\xe0\x80\xaf",
            b"/\xf0\x80\x80\xaf",
            b"/\xfc\x80\x80\x80\x80\xaf",
            b"/\xe2\x82",
        ] {
            assert!(may_be_overlong(decoded), "{decoded:?}");
        }
        assert!(!may_be_overlong("/\u{20ac}".as_bytes()));
    }
}

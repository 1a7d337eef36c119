//! Percent-encoded bytes that are not UTF-8, as old programs write names in Latin-1.
//!
//! Hubs take them as they are, put a replacement in their place, or drop them. What some read as
//! other characters, overlong forms, is refused.

/// Finds control characters in the text between invalid bytes.
pub(super) fn has_control(decoded: &[u8]) -> bool {
    let mut chunks = decoded.utf8_chunks();
    chunks.any(|chunk| chunk.valid().contains(char::is_control))
}

/// Finds invalid bytes that look like the begin of a character of several bytes: a hub that does
/// not check them may read an ASCII character (RFC 3629, section 10).
pub(super) fn may_be_overlong(decoded: &[u8]) -> bool {
    let invalid = invalid(decoded);
    let leads = |byte: u8| byte >= 0xC0;
    let continues = |byte: u8| (0x80..0xC0).contains(&byte);
    let pairs = decoded.windows(2).zip(&invalid);
    pairs
        .filter(|(_, is_invalid)| **is_invalid)
        .any(|(pair, _)| leads(pair[0]) && continues(pair[1]))
}

/// The path without its invalid bytes; none when it has none.
///
/// `decoded` is what `raw` stands for, each `%` of which is followed by two hexadecimal digits.
pub(super) fn without_invalid(raw: &[u8], decoded: &[u8]) -> Option<Vec<u8>> {
    let invalid = invalid(decoded);
    if !invalid.contains(&true) {
        return None;
    }
    let (mut kept, mut rest) = (Vec::with_capacity(raw.len()), raw);
    for is_invalid in invalid {
        let length = if rest.first() == Some(&b'%') { 3 } else { 1 };
        let (token, after) = rest.split_at_checked(length)?;
        if !is_invalid {
            kept.extend_from_slice(token);
        }
        rest = after;
    }
    Some(kept)
}

/// Marks the bytes that are not UTF-8.
fn invalid(decoded: &[u8]) -> Vec<bool> {
    let mut invalid = Vec::new();
    for chunk in decoded.utf8_chunks() {
        invalid.resize(invalid.len() + chunk.valid().len(), false);
        invalid.resize(invalid.len() + chunk.invalid().len(), true);
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_latin_1_are_dropped_and_characters_of_utf_8_kept() {
        let raw = b"/caf%e9/K%C3%BCche/%fc";
        let decoded = b"/caf\xe9/K\xc3\xbcche/\xfc";
        let kept = without_invalid(raw, decoded).unwrap();
        assert_eq!(kept, b"/caf/K%C3%BCche/");
        assert_eq!(without_invalid(b"/K%C3%BCche", b"/K\xc3\xbcche"), None);
        assert!(!may_be_overlong(decoded));
    }

    #[test]
    fn overlong_forms_and_characters_cut_off_may_be_other_characters() {
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

//! Percent-decoding (RFC 3986, section 2.1), and the dot segments of what comes of it.

use std::borrow::Cow;

/// The bytes a path stands for; none when a `%` is not followed by two hexadecimal digits.
pub(super) fn percent_decode(path: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(first) = percent(path) else {
        return Some(Cow::Borrowed(path));
    };
    let mut decoded = Vec::with_capacity(path.len());
    decoded.extend_from_slice(&path[..first]);
    let mut rest = &path[first..];
    while !rest.is_empty() {
        decoded.push(escaped(rest)?);
        rest = take_literal(&rest[3..], &mut decoded);
    }
    Some(Cow::Owned(decoded))
}

/// The same where a `%` without two hexadecimal digits stands for itself.
pub(super) fn decode_once(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = take_literal(path, &mut decoded);
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match escaped(rest) {
            Some(byte) => (byte, &rest[3..]),
            None => (byte, after),
        };
        decoded.push(byte);
        rest = take_literal(after, &mut decoded);
    }
    decoded
}

/// Whether a segment is `.` or `..`, taking `\` and NUL for separators and leaving out parameters.
pub(super) fn has_dot_segment(path: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| matches!(byte, None | Some(b'/' | b'\\' | b';' | 0));
    let mut begins = true;
    for (at, byte) in path.iter().enumerate() {
        if begins && *byte == b'.' {
            let rest = &path[at + 1..];
            if ends(rest.first()) || (rest[0] == b'.' && ends(rest.get(1))) {
                return true;
            }
        }
        begins = matches!(byte, b'/' | b'\\' | 0);
    }
    false
}

/// The byte for which `%` and two hexadecimal digits at the start of `text` stand.
pub(super) fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    pair(*high, *low)
}

/// The byte that two hexadecimal digits write.
pub(super) fn pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// Copies what stands before the next `%`, and leaves the rest.
fn take_literal<'p>(path: &'p [u8], decoded: &mut Vec<u8>) -> &'p [u8] {
    let end = percent(path).unwrap_or(path.len());
    decoded.extend_from_slice(&path[..end]);
    &path[end..]
}

fn percent(path: &[u8]) -> Option<usize> {
    path.iter().position(|byte| *byte == b'%')
}

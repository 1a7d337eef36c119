//! Percent-decoding (RFC 3986, section 2.1), and dot segments in a decoded path.

use std::borrow::Cow;

/// The bytes of a path after percent-decoding.
pub(super) struct DecodedPath<'p>(Cow<'p, [u8]>);

impl<'p> DecodedPath<'p> {
    /// Decodes a path; `None` if two hexadecimal digits are missing after a `%`.
    pub(super) fn parse(path: &'p [u8]) -> Option<Self> {
        if !path.contains(&b'%') {
            return Some(Self(Cow::Borrowed(path)));
        }
        let mut decoder = Decoder::new(path);
        while !decoder.rest.is_empty() {
            let byte = escaped(decoder.rest)?;
            decoder.push(byte, 3);
        }
        Some(Self(Cow::Owned(decoder.decoded)))
    }

    /// Decodes once more; a `%` without two hexadecimal digits stands for itself.
    pub(super) fn decode_again(&self) -> DecodedPath<'static> {
        let mut decoder = Decoder::new(&self.0);
        while let Some(first) = decoder.rest.first().copied() {
            match escaped(decoder.rest) {
                Some(byte) => decoder.push(byte, 3),
                None => decoder.push(first, 1),
            }
        }
        DecodedPath(Cow::Owned(decoder.decoded))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reports whether a byte of the path was percent-encoded.
    pub(super) fn was_encoded(&self) -> bool {
        matches!(self.0, Cow::Owned(_))
    }

    /// Reports whether a segment is `.` or `..`; `\` and NUL separate segments too, and
    /// parameters after a `;` are ignored.
    pub(super) fn has_dot_segment(&self) -> bool {
        let path = self.as_bytes();
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
}

/// A path that is being decoded: the rest begins with a `%` or is empty.
struct Decoder<'p> {
    rest: &'p [u8],
    decoded: Vec<u8>,
}

impl<'p> Decoder<'p> {
    fn new(path: &'p [u8]) -> Self {
        let mut decoder = Self {
            rest: path,
            decoded: Vec::with_capacity(path.len()),
        };
        decoder.copy_literal();
        decoder
    }

    /// Adds a byte that `length` bytes of the path stand for, and the literal bytes after it.
    fn push(&mut self, byte: u8, length: usize) {
        self.decoded.push(byte);
        self.rest = &self.rest[length..];
        self.copy_literal();
    }

    /// Copies the bytes before the next `%`.
    fn copy_literal(&mut self) {
        let percent = self.rest.iter().position(|byte| *byte == b'%');
        let (literal, rest) = self.rest.split_at(percent.unwrap_or(self.rest.len()));
        self.decoded.extend_from_slice(literal);
        self.rest = rest;
    }
}

/// Decodes the `%` and two hexadecimal digits at the start of `text`.
pub(super) fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    from_hex(*high, *low)
}

/// Returns the byte that two hexadecimal digits encode.
pub(super) fn from_hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

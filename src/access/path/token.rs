//! The tokens of a path: interpretations of the path agree or differ on a whole token.

use super::decode::{escaped, from_hex};

/// A part of a path on which interpretations agree or differ as a whole.
pub(super) enum Token {
    /// A byte as it is written.
    Raw(u8),
    /// A byte that is percent-encoded once.
    Encoded(u8),
    /// A byte that is percent-encoded twice, with the digits of the inner encoding.
    TwiceEncoded(u8, [u8; 2]),
}

/// The rest of a path in which two hexadecimal digits follow each `%`.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'p>(&'p [u8]);

impl<'p> Tokens<'p> {
    pub(super) fn new(path: &'p [u8]) -> Self {
        Self(path)
    }

    /// Returns the next byte as it is written.
    pub(super) fn peek(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Returns the tokens after `length` bytes.
    pub(super) fn skip(self, length: usize) -> Self {
        Self(&self.0[length..])
    }

    /// Splits off the first token.
    pub(super) fn split_first(self) -> Option<(Token, Self)> {
        let (byte, after) = self.decode_first()?;
        if self.0[0] != b'%' {
            return Some((Token::Raw(byte), after));
        }
        let inner = (byte == b'%').then(|| after.hex_digits()).flatten();
        Some(match inner {
            Some((digits, byte, after)) => (Token::TwiceEncoded(byte, digits), after),
            None => (Token::Encoded(byte), after),
        })
    }

    /// Counts the leading slashes.
    pub(super) fn slashes(self) -> usize {
        let end = self.0.iter().position(|byte| *byte != b'/');
        end.unwrap_or(self.0.len())
    }

    /// Counts the bytes of plain parameters and of the slashes that end them; 0 if one of them is
    /// encoded.
    pub(super) fn parameters(self) -> usize {
        let end = self.0.iter().position(|byte| matches!(byte, b'/' | b'%'));
        match end {
            None => self.0.len(),
            Some(end) if self.0[end] == b'%' => 0,
            Some(end) => end + self.skip(end).slashes(),
        }
    }

    /// Counts the bytes that every interpretation drops inside parameters.
    pub(super) fn droppable(self) -> usize {
        let is_special = |byte: &u8| matches!(byte, b'/' | b';' | b'%');
        let mut at = 0;
        while let Some(special) = self.0[at..].iter().position(is_special) {
            at += special;
            match escaped(&self.0[at..]) {
                None | Some(b'/' | b'\\' | b';' | b'%') => return at,
                Some(_) => at += 3,
            }
        }
        self.0.len()
    }

    /// Reads two hexadecimal digits, encoded or not, and the byte that they encode.
    fn hex_digits(self) -> Option<([u8; 2], u8, Self)> {
        let (high, after) = self.decode_first()?;
        let (low, after) = after.decode_first()?;
        Some(([high, low], from_hex(high, low)?, after))
    }

    /// Reads one byte, encoded or not.
    fn decode_first(self) -> Option<(u8, Self)> {
        match escaped(self.0) {
            Some(byte) => Some((byte, self.skip(3))),
            None => self.peek().map(|byte| (byte, self.skip(1))),
        }
    }
}

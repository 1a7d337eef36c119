//! A path in parts, on each of which all interpretations agree or differ as a whole.

use super::decode::{escaped, pair};

/// A part of a path on which interpretations agree or differ as a whole.
pub(super) enum Token {
    /// A byte as it is written.
    Raw(u8),
    /// A byte that is percent-encoded once.
    Encoded(u8),
    /// A byte that is percent-encoded twice; digits of the inner encoding.
    TwiceEncoded(u8, [u8; 2]),
}

impl Token {
    /// The first token of a path, each `%` of which is followed by two hexadecimal digits.
    pub(super) fn first(path: &[u8]) -> Option<(Self, &[u8])> {
        let (byte, after) = once(path)?;
        if path[0] != b'%' {
            return Some((Self::Raw(byte), after));
        }
        let inner = (byte == b'%').then(|| digits(after)).flatten();
        Some(match inner {
            Some((digits, byte, after)) => (Self::TwiceEncoded(byte, digits), after),
            None => (Self::Encoded(byte), after),
        })
    }
}

/// Bytes of parameters and of the slashes that end them, if none is encoded.
pub(super) fn parameters(path: &[u8]) -> Option<usize> {
    let end = path.iter().position(|byte| matches!(byte, b'/' | b'%'))?;
    if path[end] == b'%' {
        return Some(0);
    }
    let next = path[end..].iter().position(|byte| *byte != b'/');
    Some(next.map_or(path.len(), |next| end + next))
}

/// Bytes that all who are inside parameters drop.
pub(super) fn indifferent(path: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += path[at..]
            .iter()
            .position(|byte| matches!(byte, b'/' | b';' | b'%'))?;
        match escaped(&path[at..]) {
            None | Some(b'/' | b'\\' | b';' | b'%') => return Some(at),
            Some(_) => at += 3,
        }
    }
}

/// Two hexadecimal digits, encoded or not, and the byte they write.
fn digits(path: &[u8]) -> Option<([u8; 2], u8, &[u8])> {
    let (high, after) = once(path)?;
    let (low, after) = once(after)?;
    Some(([high, low], pair(high, low)?, after))
}

/// The first byte of a path that is decoded once.
fn once(path: &[u8]) -> Option<(u8, &[u8])> {
    match escaped(path) {
        Some(byte) => Some((byte, &path[3..])),
        None => path.split_first().map(|(byte, after)| (*byte, after)),
    }
}

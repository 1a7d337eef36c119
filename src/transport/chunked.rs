//! The chunked transfer coding (RFC 9112, section 7.1), parsed strictly.
//!
//! It finds the end of a body, and can take the content out of the chunks. Chunks that two
//! recipients could read differently are refused.

use std::io;

use bytes::BytesMut;

/// The position in a chunked body.
#[derive(Debug, Default)]
pub struct Chunks {
    expected: Expected,
    /// The chunk size as parsed so far, then the bytes of the chunk that are left.
    length: u64,
    /// Bytes of the line, or of the trailer section, so far.
    line: usize,
}

/// The element that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Length,
    Extension,
    LengthEnd,
    Data,
    DataCr,
    DataLf,
    Trailer,
    TrailerName,
    TrailerLine,
    TrailerLineEnd,
    BodyEnd,
    Nothing,
}

/// The content and trailer section of a chunked body.
#[derive(Debug, Default)]
pub struct Unwrapped {
    /// Content.
    pub data: BytesMut,
    /// Lines of the trailer section, with the empty line at its end; at most 16 KiB.
    pub trailers: BytesMut,
}

impl Expected {
    fn is_trailer(self) -> bool {
        matches!(
            self,
            Self::Trailer
                | Self::TrailerName
                | Self::TrailerLine
                | Self::TrailerLineEnd
                | Self::BodyEnd
        )
    }
}

/// Bytes of a chunk's first line, and of a trailer section, at most.
const MOST: usize = 16 * 1024;
/// Digits of a chunk size at most.
const DIGITS: usize = 15;

impl Chunks {
    /// Reports whether the body has ended.
    #[must_use]
    pub fn have_ended(&self) -> bool {
        self.expected == Expected::Nothing
    }

    /// Follows more bytes and returns the number of those that belong to the body.
    ///
    /// # Errors
    /// `InvalidData` for bytes that break the grammar.
    pub fn follow(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.walk(bytes, |_, _| {})
    }

    /// Follows more bytes as [`Self::follow`] does, and appends content and trailer lines to `out`.
    ///
    /// # Errors
    /// Those of [`Self::follow`].
    pub fn unwrap(&mut self, bytes: &[u8], out: &mut Unwrapped) -> io::Result<usize> {
        self.walk(bytes, |piece, is_data| match is_data {
            true => out.data.extend_from_slice(piece),
            false => out.trailers.extend_from_slice(piece),
        })
    }

    fn walk(&mut self, bytes: &[u8], mut found: impl FnMut(&[u8], bool)) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() && !self.have_ended() {
            if self.expected == Expected::Data {
                let passed = self.pass_data(bytes.len() - at);
                found(&bytes[at..at + passed], true);
                at += passed;
            } else {
                if self.expected.is_trailer() {
                    found(&bytes[at..=at], false);
                }
                let next = self.next(bytes[at]);
                self.expected = next.ok_or(io::ErrorKind::InvalidData)?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn pass_data(&mut self, available: usize) -> usize {
        let passed = usize::try_from(self.length)
            .unwrap_or(usize::MAX)
            .min(available);
        self.length -= passed as u64;
        if self.length == 0 {
            self.expected = Expected::DataCr;
        }
        passed
    }

    /// The element after this byte; none if the byte breaks the grammar.
    fn next(&mut self, byte: u8) -> Option<Expected> {
        self.line += 1;
        if self.line > MOST {
            return None;
        }
        match (self.expected, byte) {
            (Expected::Length, b'\r') if self.line > 1 => Some(Expected::LengthEnd),
            (Expected::Length, b';') if self.line > 1 => Some(Expected::Extension),
            (Expected::Length, digit) => self.digit(digit),
            (Expected::Extension, b'\r') => Some(Expected::LengthEnd),
            (Expected::LengthEnd, b'\n') => Some(self.begin()),
            (Expected::DataCr, b'\r') => Some(Expected::DataLf),
            (Expected::DataLf, b'\n') => {
                *self = Self::default();
                Some(Expected::Length)
            }
            (Expected::Trailer, b'\r') => Some(Expected::BodyEnd),
            (Expected::TrailerLine, b'\r') => Some(Expected::TrailerLineEnd),
            (Expected::TrailerLineEnd, b'\n') => Some(Expected::Trailer),
            (Expected::BodyEnd, b'\n') => Some(Expected::Nothing),
            (Expected::Extension, byte) if is_text(byte) => Some(Expected::Extension),
            (Expected::TrailerName, b':') => Some(Expected::TrailerLine),
            (Expected::Trailer | Expected::TrailerName, byte) if is_token(byte) => {
                Some(Expected::TrailerName)
            }
            (Expected::TrailerLine, byte) if is_text(byte) => Some(Expected::TrailerLine),
            _ => None,
        }
    }

    fn digit(&mut self, digit: u8) -> Option<Expected> {
        let digit = char::from(digit).to_digit(16)?;
        self.length = self.length * 16 + u64::from(digit);
        (self.line <= DIGITS).then_some(Expected::Length)
    }

    /// The element after a chunk's first line.
    fn begin(&mut self) -> Expected {
        self.line = 0;
        match self.length {
            0 => Expected::Trailer,
            _ => Expected::Data,
        }
    }
}

/// Reports whether a field name may have this byte (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_body_is_the_same_in_pieces_of_any_size() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "A;name=value\r\n0123456789\r\n1\r\n\n\r\n000\r\nTrailer: x\r\n\r\n",
        ] {
            let stream = format!("{body}GET / HTTP/1.1\r\n");
            assert_eq!(
                Chunks::default().follow(stream.as_bytes()).unwrap(),
                body.len()
            );
            let mut chunks = Chunks::default();
            let belong = |byte: &u8| chunks.follow(&[*byte]).unwrap() == 1;
            assert_eq!(stream.bytes().filter(belong).count(), body.len());
            assert!(chunks.have_ended());
        }
    }

    #[test]
    fn chunks_that_recipients_read_differently_are_refused() {
        for body in [
            "3\nabc\r\n",
            "3\r\nabc\n",
            "3\r\nabcd\r\n",
            "\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x3\r\n",
            " 3\r\n",
            "3 \r\n",
            "3;\n\r\n",
            "FFFFFFFFFFFFFFFFF\r\n",
            "0\r\nTrailer: x\n\r\n",
            "0\r\nTrailer\r\n\r\n",
            "0\r\nTrailer : x\r\n\r\n",
            "0\r\n Trailer: x\r\n\r\n",
            "0\r\n: x\r\n\r\n",
            "0\r\n\r\r\n",
            "3;\0\r\n",
        ] {
            assert!(
                Chunks::default().follow(body.as_bytes()).is_err(),
                "{body:?}"
            );
        }
        let streaming = format!("3;{}", "x".repeat(MOST));
        assert!(Chunks::default().follow(streaming.as_bytes()).is_err());
    }
}

//! The framing of a request's body (RFC 9112, section 6); ambiguous framing is refused.

use http::{StatusCode, Version};

use super::{Judged, Malformed};
use crate::fields::{FieldName, Fields};

/// The framing of a request's body (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Content of this many bytes; 0 where there is none.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

impl Body {
    /// Parses Transfer-Encoding and Content-Length.
    ///
    /// # Errors
    /// 400 where the fields declare no single framing, 501 for a transfer coding beside chunked.
    pub(crate) fn parse(fields: &Fields<'_>, version: Version) -> Judged<Self> {
        let mut codings = fields.all(FieldName::TransferEncoding);
        let mut lengths = fields.all(FieldName::ContentLength);
        match (codings.next(), lengths.next()) {
            (None, None) => Ok(Self::Length(0)),
            (None, Some(length)) if lengths.next().is_none() => Self::from_length(length),
            (None, Some(_)) => Err(Malformed::bad_request("more than one Content-Length")),
            (Some(_), Some(_)) => Err(Malformed::bad_request(
                "both Transfer-Encoding and Content-Length",
            )),
            (Some(_), None) if version == Version::HTTP_10 => Err(Malformed::bad_request(
                "Transfer-Encoding in an HTTP/1.0 request",
            )),
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => {
                match codings.next() {
                    None => Ok(Self::Chunked),
                    Some(_) => Err(Malformed::bad_request("more than one Transfer-Encoding")),
                }
            }
            (Some(_), None) if ends_with_chunked(fields) => Err(Malformed(
                StatusCode::NOT_IMPLEMENTED,
                "a Transfer-Encoding beside chunked",
            )),
            (Some(_), None) => Err(Malformed::bad_request(
                "the Transfer-Encoding does not end with chunked",
            )),
        }
    }

    fn from_length(digits: &[u8]) -> Judged<Self> {
        const WRONG: Malformed = Malformed::bad_request("Content-Length is not a plain number");
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(WRONG);
        }
        let text = std::str::from_utf8(digits).map_err(|_| WRONG)?;
        // Recipients that count in signed 64 bits overflow above that.
        let length: i64 = text.parse().map_err(|_| WRONG)?;
        Ok(Self::Length(length.unsigned_abs()))
    }

    /// Content-Length in decimal without leading zeros, if the client wrote it otherwise.
    pub(crate) fn plain_length(self, fields: &Fields<'_>) -> Option<String> {
        let written = fields.get(FieldName::ContentLength)?;
        let Self::Length(length) = self else {
            return None;
        };
        let is_plain = written == b"0" || !written.starts_with(b"0");
        (!is_plain).then(|| length.to_string())
    }
}

/// Reports whether chunked is the last transfer coding and occurs once: no other body has an end
/// that a recipient can find (RFC 9112, section 6.3).
fn ends_with_chunked(fields: &Fields<'_>) -> bool {
    let codings: Vec<_> = fields.members(FieldName::TransferEncoding).collect();
    let is_chunked = |coding: &&&str| coding.eq_ignore_ascii_case("chunked");
    let once = codings.iter().filter(is_chunked).count() == 1;
    once && codings.last().as_ref().is_some_and(is_chunked)
}

//! How the body of a request is framed (RFC 9112, section 6): in one way, or the request is refused.

use http::{StatusCode, Version};

use super::{Judged, Malformed, bad};
use crate::fields::{FieldName, Fields};

/// How the body of a request is framed (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes; none at all when 0.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

/// The framing that the fields declare.
///
/// # Errors
/// When they declare more than one, or one that is not understood.
pub(crate) fn framing(fields: &Fields<'_>, version: Version) -> Judged<Body> {
    let mut codings = fields.all(FieldName::TransferEncoding);
    let mut lengths = fields.all(FieldName::ContentLength);
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Body::Length(0)),
        (None, Some(length)) if lengths.next().is_none() => content_length(length),
        (None, Some(_)) => Err(bad("more than one Content-Length")),
        (Some(_), Some(_)) => Err(bad("both Transfer-Encoding and Content-Length")),
        (Some(_), None) if version == Version::HTTP_10 => {
            Err(bad("Transfer-Encoding in an HTTP/1.0 request"))
        }
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => match codings.next() {
            None => Ok(Body::Chunked),
            Some(_) => Err(bad("more than one Transfer-Encoding")),
        },
        (Some(_), None) if ends_with_chunked(fields) => Err(Malformed(
            StatusCode::NOT_IMPLEMENTED,
            "a Transfer-Encoding beside chunked",
        )),
        (Some(_), None) => Err(bad("the Transfer-Encoding does not end with chunked")),
    }
}

/// Whether the codings end with chunked, which is there once; only then has the body an end
/// (RFC 9112, section 6.3).
fn ends_with_chunked(fields: &Fields<'_>) -> bool {
    let codings: Vec<_> = fields.members(FieldName::TransferEncoding).collect();
    let is_chunked = |coding: &&&str| coding.eq_ignore_ascii_case("chunked");
    let once = codings.iter().filter(is_chunked).count() == 1;
    once && codings.last().as_ref().is_some_and(is_chunked)
}

/// Content-Length in its plain form, for one written otherwise, such as `005`.
pub(crate) fn plain_length(fields: &Fields<'_>, body: Body) -> Option<String> {
    let written = fields.get(FieldName::ContentLength)?;
    let Body::Length(length) = body else {
        return None;
    };
    let is_plain = written == b"0" || !written.starts_with(b"0");
    (!is_plain).then(|| length.to_string())
}

fn content_length(digits: &[u8]) -> Judged<Body> {
    const WRONG: Malformed = bad("Content-Length is not a plain number");
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    let text = std::str::from_utf8(digits).map_err(|_| WRONG)?;
    // Signed 64 bits are what every counter on the way can hold.
    let length: i64 = text.parse().map_err(|_| WRONG)?;
    Ok(Body::Length(length.unsigned_abs()))
}

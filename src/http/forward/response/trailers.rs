//! The trailer section of a response (RFC 9110, section 6.5).

use std::io;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::MOST_FIELDS;

/// Fields for framing, routing or content handling, which a trailer section must not have (RFC
/// 9110, section 6.5.1).
const NEVER: [&str; 14] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "host",
    "keep-alive",
    "location",
    "proxy-connection",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Fields of a trailer section of HTTP/1 at most.
const MOST: usize = 64;

const PADDED: &str = "its trailer section has a value with a blank at an end";
const TOO_MANY: &str = "its trailer section has too many fields";

/// Parses field lines and drops forbidden fields; none where no field is left or one is malformed.
pub(super) fn parse(lines: &[u8]) -> Option<HeaderMap> {
    let mut space = [httparse::EMPTY_HEADER; MOST];
    let httparse::Status::Complete((_, fields)) =
        httparse::parse_headers(lines, &mut space).ok()?
    else {
        return None;
    };
    let mut trailers = HeaderMap::new();
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        if !NEVER.contains(&name.as_str()) {
            trailers.append(name, HeaderValue::from_bytes(field.value).ok()?);
        }
    }
    (!trailers.is_empty()).then_some(trailers)
}

/// Drops forbidden fields of a trailer section over HTTP/2.
///
/// # Errors
/// `InvalidData` for a malformed section (RFC 9113, section 8.1.1).
pub(super) fn allowed(trailers: HeaderMap) -> io::Result<HeaderMap> {
    if trailers.len() > MOST_FIELDS {
        return Err(io::Error::new(io::ErrorKind::InvalidData, TOO_MANY));
    }
    if !trailers.values().all(is_unpadded) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, PADDED));
    }
    let mut allowed = trailers;
    for name in NEVER {
        allowed.remove(name);
    }
    Ok(allowed)
}

/// Reports whether a value has no blank at either end (RFC 9113, section 8.2.1).
pub(super) fn is_unpadded(value: &HeaderValue) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let bytes = value.as_bytes();
    !is_blank(bytes.first()) && !is_blank(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_value_or_too_many_fields_make_a_trailer_section_malformed() {
        let name = || HeaderName::from_static("x-sum");
        for (value, expected) in [("1", true), ("", true), (" 1", false), ("1\t", false)] {
            let trailers = HeaderMap::from_iter([(name(), HeaderValue::from_static(value))]);
            assert_eq!(allowed(trailers).is_ok(), expected, "{value:?}");
        }
        let mut many = HeaderMap::new();
        for _ in 0..=MOST_FIELDS {
            many.append(name(), HeaderValue::from_static("1"));
        }
        assert!(allowed(many).is_err());
    }

    #[test]
    fn framing_fields_and_cookies_are_dropped_from_a_trailer_section() {
        let lines = b"X-Sum: 1\r\nContent-Length: 5\r\nset-cookie: a=b\r\nX-Sum: 2\r\n\r\n";
        let trailers = parse(lines).unwrap();
        assert_eq!(trailers.len(), 2);
        assert_eq!(trailers.get_all("x-sum").iter().count(), 2);
        assert!(parse(b"Content-Length: 5\r\n\r\n").is_none());
        assert!(parse(b"\r\n").is_none());
    }
}

//! The trailer section of a response (RFC 9110, section 6.5).

use http::{HeaderMap, HeaderName, HeaderValue};

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
/// Fields of a trailer section at most.
const MOST: usize = 64;

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

/// Drops forbidden fields.
pub(super) fn allowed(trailers: HeaderMap) -> HeaderMap {
    let mut allowed = trailers;
    for name in NEVER {
        allowed.remove(name);
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

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

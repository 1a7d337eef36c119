//! The head of an upstream's response, parsed strictly.

use http::{Method, StatusCode, Version};

use super::{headers::HeaderEdits, response::frames::Frames};
use crate::{
    fields::{FieldName, Fields},
    http::websocket::handshake,
    transport::chunked::Chunks,
};

/// The framing of a response's content.
pub(super) enum Body {
    /// Content with this many bytes left.
    Length(u64),
    /// Content that ends after the last chunk.
    Chunked(Chunks),
    /// Content that ends with its HTTP/2 stream.
    Frames(Frames),
    /// Content that ends with its connection.
    UntilClose,
}

impl Body {
    /// Adapts frames to a client that accepts chunks, and a trailer section after them, or not.
    pub(super) fn for_client(mut self, takes_chunks: bool, takes_trailers: bool) -> Self {
        if let Self::Frames(frames) = &mut self {
            frames.in_chunks = takes_chunks && frames.left.is_none() && !frames.has_ended;
            frames.takes_trailers = takes_trailers;
        }
        self
    }

    /// Reports whether the head declares the length.
    pub(super) fn has_length(&self) -> bool {
        match self {
            Self::Length(_) => true,
            Self::Frames(frames) => frames.left.is_some() || frames.has_ended,
            Self::Chunked(_) | Self::UntilClose => false,
        }
    }
}

/// A result, or the fault of a malformed response.
pub(super) type Parsed<T> = Result<T, &'static str>;

const UNASKED: &str = "a 101 without a request for it";

/// The properties of a request that its response depends on.
pub(super) struct RequestContext<'r> {
    /// Method.
    pub(super) method: &'r Method,
    /// Set when the request opens a WebSocket.
    pub(super) is_upgrade: bool,
    /// Set when the client's connection closes after the response.
    pub(super) closes: bool,
    /// Set when the client accepts a trailer section.
    pub(super) takes_trailers: bool,
}

impl RequestContext<'_> {
    /// Reports whether the client's connection closes after a response. It delimits the content
    /// for HTTP/1.0, which has no chunks (RFC 9112, section 6.1).
    pub(super) fn closes_after(&self, body: &Body, version: Version) -> bool {
        self.closes
            || matches!(body, Body::UntilClose)
            || (version == Version::HTTP_10 && !body.has_length())
    }
}

/// A parsed head.
pub(crate) struct ResponseHead<'h> {
    /// Status.
    pub(crate) status: StatusCode,
    /// Reason phrase.
    pub(crate) reason: &'h str,
    pub(super) is_http_1_1: bool,
    /// Over HTTP/2, set when the response has no content.
    has_ended: Option<bool>,
    /// Fields, as they were spelled.
    pub(crate) fields: Fields<'h>,
}

impl<'h> ResponseHead<'h> {
    /// Takes a head of HTTP/1.
    pub(super) fn from_http1(parsed: &'h httparse::Response<'h, 'h>) -> Parsed<Self> {
        let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
        let status = status.ok_or("its status code is invalid")?;
        Ok(Self {
            status,
            reason: parsed.reason.unwrap_or_default(),
            is_http_1_1: parsed.version == Some(1),
            has_ended: None,
            fields: Fields::from(&*parsed.headers),
        })
    }

    /// Takes a head of HTTP/2.
    pub(super) fn from_http2(head: &'h http::Response<()>, has_ended: bool) -> Self {
        Self {
            status: head.status(),
            reason: head.status().canonical_reason().unwrap_or_default(),
            is_http_1_1: false,
            has_ended: Some(has_ended),
            fields: Fields::from(head.headers()),
        }
    }

    /// Reports whether the upstream opens the requested WebSocket (RFC 6455, section 4.2.2).
    pub(super) fn switches(&self, request: &RequestContext<'_>) -> Parsed<bool> {
        if self.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(false);
        }
        if !request.is_upgrade {
            return Err(UNASKED);
        }
        match handshake::is_accepted(&self.fields) {
            true => Ok(true),
            false => Err("a 101 that opens no WebSocket"),
        }
    }

    /// Checks the response to a GET of hubgate itself, which forwards nothing of it; returns its
    /// status.
    ///
    /// # Errors
    /// The fault of a malformed response.
    pub(super) fn check(&self) -> Parsed<StatusCode> {
        if self.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(UNASKED);
        }
        self.body(&Method::GET, self.content_length()?)?;
        Ok(self.status)
    }

    /// The framing of the content (RFC 9112, section 6.3).
    pub(super) fn body(&self, method: &Method, length: Option<u64>) -> Parsed<Body> {
        let chunked = self.is_chunked()?;
        let bare = self.status.is_informational()
            || matches!(
                self.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        Ok(match length {
            _ if bare || *method == Method::HEAD => Body::Length(0),
            _ if self.has_ended.is_some() => Body::Frames(self.frames(length)?),
            _ if chunked => Body::Chunked(Chunks::default()),
            Some(length) => Body::Length(length),
            None => Body::UntilClose,
        })
    }

    fn frames(&self, length: Option<u64>) -> Parsed<Frames> {
        let has_ended = self.has_ended == Some(true);
        if has_ended && length.is_some_and(|length| length > 0) {
            return Err("it ends before its body");
        }
        Ok(Frames {
            left: length,
            in_chunks: false,
            takes_trailers: false,
            has_ended,
        })
    }

    /// Sets one framing field for the client, or none for a response without content.
    pub(super) fn frame(
        &self,
        length: Option<u64>,
        takes_chunks: bool,
        edits: &mut HeaderEdits<'_>,
    ) {
        let bodiless = self.status.is_informational() || self.status == StatusCode::NO_CONTENT;
        let codings = self.codings().count();
        if bodiless || codings == 0 || !takes_chunks {
            edits.remove_known(FieldName::TransferEncoding);
        } else if codings == 1 {
            edits.set("Transfer-Encoding", &b"chunked"[..]);
        }
        // Never beside Transfer-Encoding, not even in a response to HEAD (RFC 9112, section 6.2).
        if bodiless || codings > 0 {
            edits.remove_known(FieldName::ContentLength);
        } else if let Some(length) = length.filter(|_| !self.has_plain_length()) {
            edits.set("Content-Length", length.to_string().into_bytes());
        }
    }

    /// Reports whether the one Content-Length is decimal without leading zeros.
    fn has_plain_length(&self) -> bool {
        let only = self.fields.only(FieldName::ContentLength);
        only.is_some_and(|length| length == b"0" || !length.starts_with(b"0"))
    }

    /// The value of Content-Length, in which all fields of the name agree.
    pub(super) fn content_length(&self) -> Parsed<Option<u64>> {
        const WRONG: &str = "its Content-Length is not one plain number";
        let mut lengths = self.fields.all(FieldName::ContentLength);
        let Some(first) = lengths.next() else {
            return Ok(None);
        };
        if first.is_empty()
            || !first.iter().all(u8::is_ascii_digit)
            || lengths.any(|other| other != first)
        {
            return Err(WRONG);
        }
        let text = std::str::from_utf8(first).map_err(|_| WRONG)?;
        // Recipients that count in signed 64 bits overflow above that.
        let length: i64 = text.parse().map_err(|_| WRONG)?;
        Ok(Some(length.unsigned_abs()))
    }

    /// Reports whether chunked is the last transfer coding; no other one delimits the content.
    fn is_chunked(&self) -> Parsed<bool> {
        const OTHER: &str = "its Transfer-Encoding does not end with chunked";
        let is_chunked = |coding: &str| coding.eq_ignore_ascii_case("chunked");
        if !self
            .fields
            .all(FieldName::TransferEncoding)
            .all(<[u8]>::is_ascii)
        {
            return Err(OTHER);
        }
        let Some(last) = self.codings().last() else {
            return Ok(false);
        };
        let once = self.codings().filter(|coding| is_chunked(coding)).count() == 1;
        match self.is_http_1_1 && is_chunked(last) && once {
            true => Ok(true),
            false => Err(OTHER),
        }
    }

    /// The transfer codings.
    pub(super) fn codings(&self) -> impl Iterator<Item = &'h str> {
        let codings = self.fields.members(FieldName::TransferEncoding);
        codings.filter(|coding| !coding.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::forward::response::MOST_FIELDS;

    /// Returns the framing of a response with these lines.
    fn framing(lines: &str, method: &Method) -> Result<String, &'static str> {
        let head = format!("HTTP/1.{lines}\r\n\r\n");
        let mut space = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut space);
        assert!(parsed.parse(head.as_bytes()).unwrap().is_complete());
        let head = ResponseHead::from_http1(&parsed)?;
        let request = RequestContext {
            method,
            is_upgrade: false,
            closes: false,
            takes_trailers: false,
        };
        head.switches(&request)?;
        let body = head.body(method, head.content_length()?)?;
        Ok(match body {
            Body::Length(length) => length.to_string(),
            Body::Chunked(_) => "chunked".to_owned(),
            Body::Frames(_) => "stream".to_owned(),
            Body::UntilClose => "connection".to_owned(),
        })
    }

    #[test]
    fn content_has_one_framing() {
        for (lines, expected) in [
            ("1 200 OK\r\nContent-Length: 5", "5"),
            ("1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5", "5"),
            ("1 200 OK\r\nTransfer-Encoding: chunked", "chunked"),
            (
                "1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 5",
                "chunked",
            ),
            (
                "1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
                "chunked",
            ),
            ("1 200 OK", "connection"),
            ("0 200 OK", "connection"),
            ("1 204 No Content\r\nContent-Length: 5", "0"),
            ("1 304 Not Modified\r\nContent-Length: 5", "0"),
            ("1 103 Early Hints", "0"),
        ] {
            assert_eq!(framing(lines, &Method::GET).unwrap(), expected, "{lines}");
            assert_eq!(framing(lines, &Method::HEAD).unwrap(), "0", "{lines}");
        }
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        for lines in [
            "1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6",
            "1 200 OK\r\nContent-Length: 5, 5",
            "1 200 OK\r\nContent-Length: +5",
            "1 200 OK\r\nContent-Length:",
            "1 200 OK\r\nTransfer-Encoding: chunked, chunked",
            "1 200 OK\r\nTransfer-Encoding: chunked, gzip",
            "1 200 OK\r\nTransfer-Encoding: identity",
            "0 200 OK\r\nTransfer-Encoding: chunked",
            "1 200 OK\r\nTransfer-Encoding: \u{a0}chunked",
            "1 200 OK\r\nTransfer-Encoding: \u{e9}\r\nContent-Length: 5",
            "1 101 Switching Protocols",
        ] {
            assert!(framing(lines, &Method::GET).is_err(), "{lines}");
        }
    }
}

//! The head of an upstream's response, read strictly.

use http::{Method, StatusCode};

use super::{headers::HeaderEdits, response::frames::Frames};
use crate::{
    fields::{FieldName, Fields},
    http::websocket::handshake,
    transport::chunked::Chunks,
};

/// The end of a body.
pub(super) enum Body {
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked(Chunks),
    /// With its stream of HTTP/2.
    Frames(Frames),
    /// With its connection.
    UntilClose,
}

impl Body {
    /// The same for a client that takes chunks, and trailers in them, or not.
    pub(super) fn for_client(mut self, takes_chunks: bool, takes_trailers: bool) -> Self {
        if let Self::Frames(frames) = &mut self {
            frames.in_chunks = takes_chunks && frames.left.is_none() && !frames.has_ended;
            frames.takes_trailers = takes_trailers;
        }
        self
    }

    /// Whether its length is known from the head on.
    pub(super) fn has_length(&self) -> bool {
        match self {
            Self::Length(_) => true,
            Self::Frames(frames) => frames.left.is_some() || frames.has_ended,
            Self::Chunked(_) | Self::UntilClose => false,
        }
    }
}

pub(super) type Read<T> = Result<T, &'static str>;

/// The request, as far as its response depends on it.
pub(super) struct Asked<'r> {
    /// Its method.
    pub(super) method: &'r Method,
    /// Whether it opens a WebSocket.
    pub(super) is_upgrade: bool,
    /// Whether the client's connection ends with the response.
    pub(super) last: bool,
    /// Whether the client takes trailers in its chunks.
    pub(super) takes_trailers: bool,
}

/// A head as it was parsed.
pub(crate) struct ResponseHead<'h> {
    /// Status.
    pub(crate) status: StatusCode,
    /// What the hub says beside it.
    pub(crate) reason: &'h str,
    pub(super) is_http_1_1: bool,
    /// Over HTTP/2, whether the response has ended with it.
    has_ended: Option<bool>,
    /// Its fields as they were spelled.
    pub(crate) fields: Fields<'h>,
}

impl<'h> ResponseHead<'h> {
    pub(super) fn of(parsed: &'h httparse::Response<'h, 'h>) -> Read<Self> {
        let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
        let status = status.ok_or("its status is no status")?;
        Ok(Self {
            status,
            reason: parsed.reason.unwrap_or_default(),
            is_http_1_1: parsed.version == Some(1),
            has_ended: None,
            fields: Fields::from(&*parsed.headers),
        })
    }

    /// The head of a response over HTTP/2.
    pub(super) fn of_http2(head: &'h http::Response<()>, has_ended: bool) -> Self {
        Self {
            status: head.status(),
            reason: head.status().canonical_reason().unwrap_or_default(),
            is_http_1_1: false,
            has_ended: Some(has_ended),
            fields: Fields::from(head.headers()),
        }
    }

    /// Whether the server opens the WebSocket that was asked for (RFC 6455, section 4.2.2).
    pub(super) fn switches(&self, asked: &Asked<'_>) -> Read<bool> {
        if self.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(false);
        }
        if !asked.is_upgrade {
            return Err("a 101 without a request for it");
        }
        match handshake::is_accepted(&self.fields) {
            true => Ok(true),
            false => Err("a 101 that opens no WebSocket"),
        }
    }

    /// How the body ends (RFC 9112, section 6.3).
    pub(super) fn body(&self, method: &Method, length: Option<u64>) -> Read<Body> {
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

    fn frames(&self, length: Option<u64>) -> Read<Frames> {
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

    /// Leaves one framing only, and none where there is no body to frame.
    pub(super) fn frame(
        &self,
        length: Option<u64>,
        takes_chunks: bool,
        edits: &mut HeaderEdits<'_>,
    ) {
        let bodiless = self.status.is_informational() || self.status == StatusCode::NO_CONTENT;
        let codings = self.codings().count();
        if bodiless || codings == 0 || !takes_chunks {
            edits.remove("transfer-encoding");
        } else if codings == 1 {
            edits.set("Transfer-Encoding", &b"chunked"[..]);
        }
        // RFC 9112, section 6.2: never both, also where a body would follow on GET only.
        if bodiless || codings > 0 {
            edits.remove("content-length");
        } else if let Some(length) = length {
            edits.set("Content-Length", length.to_string().into_bytes());
        }
    }

    /// The one length that all fields agree on.
    pub(super) fn content_length(&self) -> Read<Option<u64>> {
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
        // Signed 64 bits are what every counter on the way can hold.
        let length: i64 = text.parse().map_err(|_| WRONG)?;
        Ok(Some(length.unsigned_abs()))
    }

    /// Whether the body is in chunks; no other last coding has an end that can be found.
    fn is_chunked(&self) -> Read<bool> {
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

    pub(super) fn codings(&self) -> impl Iterator<Item = &'h str> {
        let codings = self.fields.members(FieldName::TransferEncoding);
        codings.filter(|coding| !coding.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::forward::response::MOST_FIELDS;

    /// How the body of an answer with these lines ends.
    fn ending(lines: &str, method: &Method) -> Result<String, &'static str> {
        let head = format!("HTTP/1.{lines}\r\n\r\n");
        let mut space = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut space);
        assert!(parsed.parse(head.as_bytes()).unwrap().is_complete());
        let head = ResponseHead::of(&parsed)?;
        let asked = Asked {
            method,
            is_upgrade: false,
            last: false,
            takes_trailers: false,
        };
        head.switches(&asked)?;
        let body = head.body(method, head.content_length()?)?;
        Ok(match body {
            Body::Length(length) => length.to_string(),
            Body::Chunked(_) => "chunked".to_owned(),
            Body::Frames(_) => "stream".to_owned(),
            Body::UntilClose => "connection".to_owned(),
        })
    }

    #[test]
    fn a_body_has_one_end() {
        for (lines, end) in [
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
            assert_eq!(ending(lines, &Method::GET).unwrap(), end, "{lines}");
            assert_eq!(ending(lines, &Method::HEAD).unwrap(), "0", "{lines}");
        }
    }

    #[test]
    fn an_end_that_readers_find_differently_is_refused() {
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
            assert!(ending(lines, &Method::GET).is_err(), "{lines}");
        }
    }
}

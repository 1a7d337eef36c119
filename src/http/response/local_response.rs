//! An answer of hubgate's own, and how it is written.
//!
//! The texts are in `pages`, the responses by status in `statuses`.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use pingora_core::protocols::http::date::get_cached_date;

use crate::pages::{
    notice::Notice,
    reader::{Pages, Reader},
};

/// An answer that does not come from the hub.
#[derive(Clone, Debug, Default)]
pub struct LocalResponse {
    /// Status.
    pub status: StatusCode,
    /// Fields beside those of every own answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Nothing until a notice is written for its reader.
    pub body: Bytes,
    /// What the body is to say.
    pub notice: Option<Notice>,
    /// Whether the connection ends with it.
    pub close: bool,
}

/// Own pages load nothing, are stored nowhere and framed by nobody.
const GUARDS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

impl LocalResponse {
    /// An answer with an HTML page.
    #[must_use]
    pub fn html(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/html; charset=utf-8", body.into())
    }

    /// An answer whose body is written for its reader (`LocalResponse::localise`).
    #[must_use]
    pub fn notice(status: StatusCode, notice: Notice) -> Self {
        Self {
            status,
            headers: Vec::from(GUARDS),
            body: Bytes::new(),
            notice: Some(notice),
            close: false,
        }
    }

    /// The same with its notice in the reader's language and form.
    #[must_use]
    pub(crate) fn localise(mut self, reader: Reader, site: Option<&Pages>) -> Self {
        let Some(notice) = self.notice.take() else {
            return self;
        };
        self.body = reader.write(&notice, self.status, site);
        self.with(header::CONTENT_TYPE, reader.media_type())
    }

    /// An answer for a program, of no type that a browser would show.
    #[must_use]
    pub fn bytes(status: StatusCode, body: String) -> Self {
        Self::of(status, "application/octet-stream", body.into())
    }

    /// An answer with a body of some type.
    #[must_use]
    pub fn of(status: StatusCode, kind: &'static str, body: Bytes) -> Self {
        let mut headers = Vec::from(GUARDS);
        headers.push((header::CONTENT_TYPE, HeaderValue::from_static(kind)));
        Self {
            status,
            headers,
            body,
            notice: None,
            close: false,
        }
    }

    /// An answer without a body, with these fields only.
    #[must_use]
    pub fn empty(status: StatusCode, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self {
            status,
            headers,
            body: Bytes::new(),
            notice: None,
            close: false,
        }
    }

    /// The same with one field more.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same page, allowed to load and do what this Content-Security-Policy says.
    #[must_use]
    pub fn guarded_by(mut self, policy: HeaderValue) -> Self {
        self.headers
            .retain(|(name, _)| *name != header::CONTENT_SECURITY_POLICY);
        self.with(header::CONTENT_SECURITY_POLICY, policy)
    }

    /// The same, ending the connection.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// How many bytes of body go out.
    #[must_use]
    pub fn sent_for(&self, method: &Method) -> u64 {
        match *method {
            Method::HEAD => 0,
            _ => self.body.len() as u64,
        }
    }

    /// The answer as HTTP/1.1 bytes; without the body for HEAD.
    #[must_use]
    pub fn to_http1(&self, method: &Method, close: bool) -> BytesMut {
        let mut wire = BytesMut::with_capacity(512 + self.body.len());
        wire.put_slice(
            format!("HTTP/1.1 {} {}\r\n", self.status.as_u16(), self.reason()).as_bytes(),
        );
        for (name, value) in &self.headers {
            put_field(&mut wire, name.as_str().as_bytes(), value.as_bytes());
        }
        put_field(&mut wire, b"date", get_cached_date().as_bytes());
        if let Some(length) = self.length() {
            put_field(&mut wire, b"content-length", length.to_string().as_bytes());
        }
        if close || self.close {
            put_field(&mut wire, b"connection", b"close");
        }
        wire.put_slice(b"\r\n");
        if method != Method::HEAD {
            wire.put_slice(&self.body);
        }
        wire
    }

    /// Its head for HTTP/2.
    #[must_use]
    pub fn to_http2(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.status;
        let fields = response.headers_mut();
        for (name, value) in &self.headers {
            fields.append(name, value.clone());
        }
        if let Some(length) = self.length() {
            fields.insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }

    /// What Content-Length says; a 204 has none (RFC 9110, section 8.6).
    fn length(&self) -> Option<usize> {
        (self.status != StatusCode::NO_CONTENT).then_some(self.body.len())
    }

    /// NGINX's words for its two codes of certificates, the registered ones otherwise.
    fn reason(&self) -> &'static str {
        match self.status.as_u16() {
            495 => "SSL Certificate Error",
            496 => "SSL Certificate Required",
            _ => self.status.canonical_reason().unwrap_or("Error"),
        }
    }
}

/// Writes one header line.
pub(crate) fn put_field(wire: &mut BytesMut, name: &[u8], value: &[u8]) {
    wire.put_slice(name);
    wire.put_slice(b": ");
    wire.put_slice(value);
    wire.put_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_answered_without_the_body_but_with_its_length() {
        let answer = LocalResponse::html(StatusCode::NOT_FOUND, "gone".into()).closing();
        let wire = answer.to_http1(&Method::HEAD, false);
        let text = std::str::from_utf8(&wire).unwrap();
        assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n"));
        assert!(text.contains("content-length: 4\r\n") && text.contains("connection: close\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn own_pages_are_guarded() {
        let response = LocalResponse::html(StatusCode::OK, String::new()).to_http2();
        for name in [
            "content-security-policy",
            "cache-control",
            "referrer-policy",
            "x-content-type-options",
        ] {
            assert!(response.headers().contains_key(name), "{name}");
        }
    }
}

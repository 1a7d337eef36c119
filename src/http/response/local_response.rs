//! A local response, and its form in HTTP/1.1 and HTTP/2.
//!
//! `statuses` has the constructors by status, `pages` the texts.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use pingora_core::protocols::http::date::get_cached_date;

use crate::pages::{
    notice::Notice,
    reader::{PageCache, Reader},
};

/// A response that hubgate makes itself.
#[derive(Clone, Debug, Default)]
pub struct LocalResponse {
    /// Status.
    pub status: StatusCode,
    /// Fields beside Date, Content-Length and Connection.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Content; empty until the notice is written.
    pub body: Bytes,
    /// The notice that `localise` writes as content.
    pub notice: Option<Notice>,
    /// Closes the connection after the response.
    pub close: bool,
}

/// Fields by which a page is not stored, not framed by other pages, and loads nothing.
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
    /// A response with an HTML page.
    #[must_use]
    pub fn html(status: StatusCode, body: String) -> Self {
        Self::with_body(status, "text/html; charset=utf-8", body.into())
    }

    /// A response with content that `localise` writes in the client's language.
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

    /// Writes the notice as content, in the reader's language and media type.
    #[must_use]
    pub(crate) fn localise(mut self, reader: Reader, site: Option<&PageCache>) -> Self {
        let Some(notice) = self.notice.take() else {
            return self;
        };
        self.body = reader.write(&notice, self.status, site);
        self.with_field(header::CONTENT_TYPE, reader.media_type())
    }

    /// A response for programs, of a media type that browsers do not render.
    #[must_use]
    pub fn bytes(status: StatusCode, body: String) -> Self {
        Self::with_body(status, "application/octet-stream", body.into())
    }

    /// A response with content of a media type.
    #[must_use]
    pub fn with_body(status: StatusCode, media_type: &'static str, body: Bytes) -> Self {
        let mut headers = Vec::from(GUARDS);
        headers.push((header::CONTENT_TYPE, HeaderValue::from_static(media_type)));
        Self {
            status,
            headers,
            body,
            notice: None,
            close: false,
        }
    }

    /// A response without content, with these fields only.
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

    /// Adds a field.
    #[must_use]
    pub fn with_field(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Replaces the Content-Security-Policy.
    #[must_use]
    pub fn with_policy(mut self, policy: HeaderValue) -> Self {
        self.headers
            .retain(|(name, _)| *name != header::CONTENT_SECURITY_POLICY);
        self.with_field(header::CONTENT_SECURITY_POLICY, policy)
    }

    /// Closes the connection after the response.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Bytes of content that the response to a request of this method sends.
    #[must_use]
    pub fn sent_for(&self, method: &Method) -> u64 {
        match *method {
            Method::HEAD => 0,
            _ => self.body.len() as u64,
        }
    }

    /// Writes the response in HTTP/1.1, without content for HEAD.
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

    /// The head of the response in HTTP/2.
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

    /// Reports whether the response ends an HTTP/2 connection. A refusal of the request's body
    /// ends only its stream.
    pub(in crate::http) fn ends_http2_connection(&self) -> bool {
        let of_body = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];
        self.close && !of_body.contains(&self.status)
    }

    /// The value of Content-Length; a 204 has none (RFC 9110, section 8.6).
    fn length(&self) -> Option<usize> {
        (self.status != StatusCode::NO_CONTENT).then_some(self.body.len())
    }

    /// The reason phrase: NGINX's for its 495 and 496, otherwise the registered one.
    fn reason(&self) -> &'static str {
        match self.status.as_u16() {
            495 => "SSL Certificate Error",
            496 => "SSL Certificate Required",
            _ => self.status.canonical_reason().unwrap_or("Error"),
        }
    }
}

/// Writes a field line.
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
    fn a_response_to_head_has_a_content_length_and_no_content() {
        let response = LocalResponse::html(StatusCode::NOT_FOUND, "gone".into()).closing();
        let wire = response.to_http1(&Method::HEAD, false);
        let text = std::str::from_utf8(&wire).unwrap();
        assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n"));
        assert!(text.contains("content-length: 4\r\n") && text.contains("connection: close\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_page_has_the_fields_that_guard_it() {
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

//! Malformed HTTP/2 requests that the `h2` crate accepts (RFC 9113, section 8.1.1).

use http::{HeaderMap, HeaderValue, Version, header};

use crate::{
    fields::{Fields, is_token},
    http::http1::request_head::{Body, Malformed, is_origin_form},
};

impl Malformed {
    /// Refuses a malformed request, or one that two recipients could read differently.
    pub(super) fn check_http2<B>(request: &http::Request<B>) -> Result<(), Self> {
        let (uri, headers) = (request.uri(), request.headers());
        if !headers
            .keys()
            .all(|name| is_token(name.as_str().as_bytes()))
        {
            return Err(Self::FIELD_NAME);
        }
        // Section 8.2.1.
        if headers.values().any(|value| is_padded(value.as_bytes())) {
            return Err(Self::PADDED);
        }
        let scheme = uri.scheme_str();
        if scheme == Some("") {
            return Err(Self::NO_SCHEME);
        }
        // Section 8.3.1.
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let is_origin_form = is_origin_form(request.method(), target);
        if !is_origin_form || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Self::UNENCODED);
        }
        let mut hosts = headers.get_all(header::HOST).iter();
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let is_other = |host: &HeaderValue| authority.is_some_and(|authority| host != authority);
        if hosts.next().is_some_and(is_other) || hosts.next().is_some() {
            return Err(Self::TWO_HOSTS);
        }
        Self::check_framing(headers)
    }

    /// Refuses ambiguous framing, and an expectation other than `100-continue`.
    fn check_framing(headers: &HeaderMap) -> Result<(), Self> {
        let framing = [
            header::CONTENT_LENGTH,
            header::EXPECT,
            header::TRANSFER_ENCODING,
        ];
        if !headers.keys().any(|name| framing.contains(name)) {
            return Ok(());
        }
        let fields = &Fields::from(headers);
        Self::check_expectation(fields)?;
        Body::parse(fields, Version::HTTP_11).map(|_| ())
    }
}

/// Reports whether a value begins or ends with white space.
fn is_padded(value: &[u8]) -> bool {
    let is_white = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_white(value.first()) || is_white(value.last())
}

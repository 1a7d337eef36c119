//! The head of an HTTP/2 request (RFC 9113, section 8.3.1).

use http::{
    HeaderMap, Method, Request, Uri,
    uri::{Authority, PathAndQuery, Scheme},
};

/// The head of an HTTP/2 request.
pub struct Http2Request {
    /// `:method`.
    pub method: Method,
    /// `:authority`.
    pub authority: Authority,
    /// `:path`.
    pub target: PathAndQuery,
    /// The fields, without those for a connection.
    pub fields: HeaderMap,
}

impl Http2Request {
    /// Bytes that the head occupies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len()
        };
        let fields: usize = self.fields.iter().map(field).sum();
        fields + self.target.as_str().len() + self.authority.as_str().len()
    }

    /// The head with a scheme, in the form of the `http` crate.
    pub(super) fn for_scheme(&self, scheme: Scheme) -> http::Result<Request<()>> {
        let uri = Uri::builder()
            .scheme(scheme)
            .authority(self.authority.clone())
            .path_and_query(self.target.clone())
            .build()?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .version(http::Version::HTTP_2)
            .body(())?;
        *request.headers_mut() = self.fields.clone();
        Ok(request)
    }
}

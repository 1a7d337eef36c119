//! The head of a request for the upstream, in HTTP/1.1 or HTTP/2.

use bytes::{BufMut, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{self, InvalidHeaderValue},
    uri::{Authority, PathAndQuery},
};

use super::{framing::Framing, headers::HeaderEdits};
use crate::{
    fields::{FieldName, Fields},
    upstream::Http2Request,
};

/// The head of a request for the upstream.
pub(crate) enum RequestHead {
    /// The bytes of HTTP/1.1.
    Http1(BytesMut),
    /// The pseudo-header fields and fields of HTTP/2.
    Http2(Box<Http2Request>),
}

/// The request line of a head.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine<'r> {
    /// Method.
    pub(crate) method: &'r Method,
    /// Path and query.
    pub(crate) target: &'r str,
}

/// A head that cannot be sent to the upstream.
#[derive(Debug)]
pub(crate) struct Unsendable;

impl RequestHead {
    /// Builds the head with its edits, for HTTP/2 if `http2` is set.
    ///
    /// # Errors
    /// A target or field that HTTP/2 cannot carry.
    pub(crate) fn build(
        line: RequestLine<'_>,
        fields: &Fields<'_>,
        edits: &HeaderEdits<'_>,
        framing: Framing,
        http2: bool,
    ) -> Result<Self, Unsendable> {
        match http2 {
            true => Ok(Self::Http2(Box::new(line.http2(fields, edits)?))),
            false => Ok(Self::Http1(line.write(fields, edits, framing))),
        }
    }

    /// Bytes that the head occupies.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Http1(wire) => wire.len(),
            Self::Http2(request) => request.bytes(),
        }
    }

    /// Reports whether the content is a stream of gRPC messages.
    pub(super) fn is_grpc(&self) -> bool {
        let Self::Http2(request) = self else {
            return false;
        };
        let media_type = request.fields.get(header::CONTENT_TYPE);
        media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
    }

    /// Reports whether `TE: trailers` is sent to the upstream (RFC 9110, section 10.1.4).
    pub(super) fn takes_trailers(&self) -> bool {
        matches!(self, Self::Http2(request) if request.fields.contains_key(header::TE))
    }
}

impl RequestLine<'_> {
    fn write(self, fields: &Fields<'_>, edits: &HeaderEdits<'_>, framing: Framing) -> BytesMut {
        let mut wire = BytesMut::with_capacity(1024);
        for part in [self.method.as_str(), " ", self.target, " HTTP/1.1\r\n"] {
            wire.put_slice(part.as_bytes());
        }
        edits.write(fields, &mut wire);
        if framing == Framing::Chunks {
            wire.put_slice(b"Transfer-Encoding: chunked\r\n");
        }
        wire.put_slice(b"\r\n");
        wire
    }

    /// Host becomes `:authority`; of the fields for a connection, only `TE: trailers` is forwarded
    /// (RFC 9113, section 8.2.2).
    fn http2(
        self,
        fields: &Fields<'_>,
        edits: &HeaderEdits<'_>,
    ) -> Result<Http2Request, Unsendable> {
        let mut sent = HeaderMap::new();
        for (name, value) in edits.changed(fields) {
            sent.append(
                HeaderName::from_bytes(name)?,
                HeaderValue::from_bytes(value)?,
            );
        }
        let host = sent.remove(header::HOST).ok_or(Unsendable)?;
        let takes_trailers = |member: &str| member.eq_ignore_ascii_case("trailers");
        if fields.members(FieldName::Te).any(takes_trailers) {
            sent.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        Ok(Http2Request {
            method: self.method.clone(),
            authority: Authority::try_from(host.as_bytes()).map_err(|_| Unsendable)?,
            target: PathAndQuery::try_from(self.target).map_err(|_| Unsendable)?,
            fields: sent,
        })
    }
}

impl From<InvalidHeaderValue> for Unsendable {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

impl From<header::InvalidHeaderName> for Unsendable {
    fn from(_: header::InvalidHeaderName) -> Self {
        Self
    }
}

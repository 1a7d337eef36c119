//! The framing of a request's content on its way to the upstream.

use bytes::{BufMut, BytesMut};

use crate::http::http1::request_head::Body;

/// The framing of a request's content on its way to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// No content.
    Nothing,
    /// Content-Length.
    Length,
    /// Chunks that hubgate makes.
    Chunks,
    /// DATA frames of HTTP/2.
    Frames,
}

impl Framing {
    /// The framing over HTTP/1.1 of a body as the client framed it.
    pub(crate) fn new(body: Body) -> Self {
        match body {
            Body::Length(0) => Self::Nothing,
            Body::Length(_) => Self::Length,
            Body::Chunked => Self::Chunks,
        }
    }

    /// The framing of the same content over HTTP/2.
    pub(super) fn for_http2(self) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Length | Self::Chunks | Self::Frames => Self::Frames,
        }
    }
}

/// Appends content as one chunk.
pub(super) fn put_chunk(wire: &mut BytesMut, content: &[u8]) {
    wire.put_slice(format!("{:x}\r\n", content.len()).as_bytes());
    wire.put_slice(content);
    wire.put_slice(b"\r\n");
}

//! The head of a request as it is written to the upstream.

use bytes::{BufMut, BytesMut};
use http::Method;

use super::{headers::HeaderEdits, request_body::Framing};
use crate::fields::Fields;

/// The head with its changes, in HTTP/1.1.
pub(crate) fn write(
    method: &Method,
    target: &str,
    fields: &Fields<'_>,
    edits: &HeaderEdits<'_>,
    framing: &Framing,
) -> BytesMut {
    let mut wire = BytesMut::with_capacity(1024);
    for part in [method.as_str(), " ", target, " HTTP/1.1\r\n"] {
        wire.put_slice(part.as_bytes());
    }
    edits.write(fields, &mut wire);
    if matches!(framing, Framing::Chunks) {
        wire.put_slice(b"Transfer-Encoding: chunked\r\n");
    }
    wire.put_slice(b"\r\n");
    wire
}

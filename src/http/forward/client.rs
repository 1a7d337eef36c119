//! The client of a forwarded request, over HTTP/1 or HTTP/2.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::{BufMut, BytesMut};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::{event::PIECE, headers::HeaderEdits, response_head::ResponseHead};
use crate::{http::response::local_response::put_field, transport::client_stream::ClientStream};

/// The client of a forwarded request, over HTTP/1 or HTTP/2.
pub(crate) trait Client: Send {
    /// The head of a response in the client's version.
    type ResponseHead: Send;

    /// Set when chunks are forwarded unchanged.
    const TAKES_CHUNKS: bool;

    /// Set when pieces of content may be gathered before they are forwarded.
    const GATHERS: bool;

    /// Reports whether the request's content has arrived whole.
    fn has_sent(&self) -> bool;

    /// Receives more content, which must not have ended; 0 if the client has disconnected.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>>;

    /// Notes that the received content was forwarded, and opens the window for more.
    fn has_forwarded(&mut self) {}

    /// Ready once the client has closed its connection or reset its stream.
    fn poll_disconnected(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Makes the head of a response; `connection` is the Connection field of HTTP/1.
    fn response_head(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        connection: Option<&'static str>,
    ) -> Option<Self::ResponseHead>;

    /// Sets the trailer section, before the last content is sent.
    fn set_trailers(&mut self, trailers: HeaderMap);

    /// The bytes of content, at most `most`, that can be sent without waiting.
    fn room(&mut self, most: usize) -> usize;

    /// Waits until some content can be sent.
    fn wait_for_room(&mut self, most: usize) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends an interim response.
    fn send_interim(
        &mut self,
        head: Self::ResponseHead,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends the head of the final response and its first content.
    fn begin(
        &mut self,
        head: Self::ResponseHead,
        first: &mut BytesMut,
        ended: bool,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends more content.
    fn send(
        &mut self,
        piece: &mut BytesMut,
        ended: bool,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

/// Bytes of most heads.
const USUAL_HEAD: usize = 1024;

impl Client for ClientStream {
    type ResponseHead = BytesMut;

    const TAKES_CHUNKS: bool = true;

    const GATHERS: bool = true;

    fn has_sent(&self) -> bool {
        self.has_reached_limit()
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        if body.capacity() == body.len() {
            body.reserve(PIECE);
        }
        pin!(self.read_buf(body)).poll(context)
    }

    fn poll_disconnected(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut nothing = [0];
        let mut nothing = ReadBuf::new(&mut nothing);
        Pin::new(self).poll_read(context, &mut nothing).map(|_| ())
    }

    fn response_head(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        connection: Option<&'static str>,
    ) -> Option<BytesMut> {
        let mut wire = BytesMut::with_capacity(USUAL_HEAD);
        let status = head.status.as_str();
        for part in ["HTTP/1.1 ", status, " ", head.reason, "\r\n"] {
            wire.put_slice(part.as_bytes());
        }
        edits.write(&head.fields, &mut wire);
        if let Some(connection) = connection {
            put_field(&mut wire, b"Connection", connection.as_bytes());
        }
        wire.put_slice(b"\r\n");
        Some(wire)
    }

    /// Does nothing: HTTP/1.1 has the trailer section in its chunks, and HTTP/1.0 has none.
    fn set_trailers(&mut self, _trailers: HeaderMap) {}

    fn room(&mut self, most: usize) -> usize {
        most
    }

    async fn wait_for_room(&mut self, _most: usize) -> io::Result<()> {
        Ok(())
    }

    async fn send_interim(&mut self, head: BytesMut) -> io::Result<()> {
        Self::send(self, &head).await
    }

    async fn begin(
        &mut self,
        head: BytesMut,
        first: &mut BytesMut,
        _ended: bool,
    ) -> io::Result<()> {
        self.send_both(&head, first).await
    }

    async fn send(&mut self, piece: &mut BytesMut, _ended: bool) -> io::Result<()> {
        Self::send(self, piece).await
    }
}

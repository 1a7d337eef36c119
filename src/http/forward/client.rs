//! The client of a request on its way: how its body comes, and how it hears the answer.

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

/// The client of a request, whichever version of HTTP it speaks.
pub(crate) trait Client: Send {
    /// The head of an answer, as the client hears it.
    type ResponseHead: Send;

    /// Whether chunks go on as they are, to a client of HTTP/1.1.
    const TAKES_CHUNKS: bool;

    /// Whether pieces of the body may be gathered before they are sent on.
    const GATHERS: bool;

    /// Whether the request's body has come whole.
    fn has_sent(&self) -> bool;

    /// Receives more of the body, which must not have ended; nothing when the client is gone.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>>;

    /// Notes that what came of the body was sent on: more may come.
    fn has_forwarded(&mut self) {}

    /// Ready once the client has hung up, or wants no answer any more.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Makes the head of an answer; `connection` says what becomes of an HTTP/1 connection.
    fn answer(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        connection: Option<&'static str>,
    ) -> Option<Self::ResponseHead>;

    /// Takes the trailers of an answer, before the last of its body is sent.
    fn set_trailers(&mut self, trailers: HeaderMap);

    /// How many of so many bytes of the answer can be sent on at once.
    fn room(&mut self, most: usize) -> usize;

    /// Waits until there is some.
    fn wait_for_room(&mut self, most: usize) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends an interim answer.
    fn hint(&mut self, head: Self::ResponseHead) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends the head of the answer and the first of its body, which may be all.
    fn begin(
        &mut self,
        head: Self::ResponseHead,
        first: &[u8],
        ended: bool,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends more of its body.
    fn send(
        &mut self,
        piece: &mut BytesMut,
        ended: bool,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

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

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut nothing = [0];
        let mut nothing = ReadBuf::new(&mut nothing);
        Pin::new(self).poll_read(context, &mut nothing).map(|_| ())
    }

    fn answer(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        connection: Option<&'static str>,
    ) -> Option<BytesMut> {
        let mut wire = BytesMut::with_capacity(PIECE);
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

    /// Those of HTTP/1.1 are part of its chunks, and HTTP/1.0 knows none.
    fn set_trailers(&mut self, _trailers: HeaderMap) {}

    fn room(&mut self, most: usize) -> usize {
        most
    }

    async fn wait_for_room(&mut self, _most: usize) -> io::Result<()> {
        Ok(())
    }

    async fn hint(&mut self, head: BytesMut) -> io::Result<()> {
        Self::send(self, &head).await
    }

    async fn begin(&mut self, mut head: BytesMut, first: &[u8], _ended: bool) -> io::Result<()> {
        head.put_slice(first);
        Self::send(self, &head).await
    }

    async fn send(&mut self, piece: &mut BytesMut, _ended: bool) -> io::Result<()> {
        Self::send(self, piece).await
    }
}

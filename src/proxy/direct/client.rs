//! The client of a request on its way: how its body comes, and how it hears the answer.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{BufMut, BytesMut};
use http::{HeaderName, HeaderValue};
use pingora_core::protocols::http::v2::server::HttpSession;
use pingora_http::ResponseHeader;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::{
    super::{conn::Conn, headers::Changes},
    PIECE,
    response::Head,
};

/// The client of a request, whichever version of HTTP it speaks.
pub(in crate::proxy) trait Client: Send {
    /// The head of an answer, as the client hears it.
    type Answer: Send;

    /// Whether chunks go on as they are.
    const TAKES_CHUNKS: bool;

    /// Whether the request's body has come whole.
    fn has_sent(&self) -> bool;

    /// Receives more of the body, which must not have ended; nothing when the client is gone.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>>;

    /// Ready once the client has hung up, or wants no answer any more.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Makes the head of an answer; `last` ends the connection with it.
    fn answer(head: &Head<'_>, changes: &Changes<'_>, last: bool) -> Option<Self::Answer>;

    /// Sends an interim answer.
    fn hint(&mut self, head: Self::Answer) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends the head of the answer and the first of its body, which may be all.
    fn begin(
        &mut self,
        head: Self::Answer,
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

impl Client for Conn {
    type Answer = BytesMut;

    const TAKES_CHUNKS: bool = true;

    fn has_sent(&self) -> bool {
        self.has_passed()
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        pin!(self.read_buf(body)).poll(context)
    }

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut nothing = [0];
        let mut nothing = ReadBuf::new(&mut nothing);
        Pin::new(self).poll_read(context, &mut nothing).map(|_| ())
    }

    fn answer(head: &Head<'_>, changes: &Changes<'_>, last: bool) -> Option<BytesMut> {
        let mut wire = BytesMut::with_capacity(PIECE);
        let status = head.status.as_str();
        for part in ["HTTP/1.1 ", status, " ", head.reason, "\r\n"] {
            wire.put_slice(part.as_bytes());
        }
        changes.write(head.spelled(), &mut wire);
        if last {
            wire.put_slice(b"Connection: close\r\n");
        }
        wire.put_slice(b"\r\n");
        Some(wire)
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

/// One stream of an HTTP/2 connection.
pub(in crate::proxy) struct Stream {
    pub(in crate::proxy) session: HttpSession,
    /// Whether the body has come whole.
    has_sent: bool,
}

impl Stream {
    /// A stream whose request was judged.
    pub(in crate::proxy) fn new(session: HttpSession) -> Self {
        Self {
            has_sent: session.is_body_done(),
            session,
        }
    }
}

impl Client for Stream {
    type Answer = Box<ResponseHeader>;

    const TAKES_CHUNKS: bool = false;

    fn has_sent(&self) -> bool {
        self.has_sent
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        loop {
            let piece = match ready!(self.session.poll_read_body_bytes(context)) {
                Some(Ok(piece)) => piece,
                Some(Err(_)) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                None => {
                    self.has_sent = true;
                    return Poll::Ready(Ok(0));
                }
            };
            self.has_sent = self.session.is_body_done();
            body.put_slice(&piece);
            // A frame may be empty and not the last.
            if !piece.is_empty() || self.has_sent {
                return Poll::Ready(Ok(piece.len()));
            }
        }
    }

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        pin!(self.session.idle()).poll(context).map(|_| ())
    }

    fn answer(head: &Head<'_>, changes: &Changes<'_>, _last: bool) -> Option<Box<ResponseHeader>> {
        let mut answer = ResponseHeader::build_no_case(head.status, None).ok()?;
        for (name, value) in changes.changed(head.spelled()) {
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value).ok()?;
            answer.append_header(name, value).ok()?;
        }
        Some(Box::new(answer))
    }

    async fn hint(&mut self, _head: Box<ResponseHeader>) -> io::Result<()> {
        // The engine has no way to send one on a stream.
        Ok(())
    }

    async fn begin(
        &mut self,
        head: Box<ResponseHeader>,
        first: &[u8],
        ended: bool,
    ) -> io::Result<()> {
        let bare = ended && first.is_empty();
        let begun = self.session.write_response_header(head, bare);
        begun.map_err(|_| io::ErrorKind::BrokenPipe)?;
        if first.is_empty() {
            return Ok(());
        }
        self.send(&mut first.into(), ended).await
    }

    async fn send(&mut self, piece: &mut BytesMut, ended: bool) -> io::Result<()> {
        let sent = self.session.write_body(piece.split().freeze(), ended);
        let sent = sent.await;
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

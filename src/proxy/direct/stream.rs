//! One stream of an HTTP/2 connection as the client of a request on its way.
//!
//! Of the hub's answer no more is read than the client's window and the memory of its connection
//! have room for; the charge is given back when the bytes are sent.

use std::{
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use h2::SendStream;
use http::{HeaderName, HeaderValue};
use pingora_core::protocols::http::v2::server::HttpSession;
use pingora_http::ResponseHeader;
use std::future::poll_fn;

use super::{
    super::{budget::Account, headers::Changes, link::Link, stall::Stall},
    Client,
    response::Head,
};

/// One stream of an HTTP/2 connection.
pub(in crate::proxy) struct Stream {
    pub(in crate::proxy) session: HttpSession,
    /// Whether the body has come whole.
    has_sent: bool,
    /// Takes the body of the answer, once that has begun.
    writer: Option<SendStream<Bytes>>,
    stall: Stall,
    link: Arc<Link>,
}

impl Stream {
    /// A stream whose request was judged; `has_sent` says that it has no body to come.
    pub(in crate::proxy) fn new(session: HttpSession, has_sent: bool, link: Arc<Link>) -> Self {
        Self {
            session,
            has_sent,
            writer: None,
            stall: Stall::default(),
            link,
        }
    }

    /// Waits until some bytes can be sent.
    async fn granted(&mut self, most: usize) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut waiting = pin!(grant(writer, &self.link.memory, most));
        let stall = &mut self.stall;
        let granted = poll_fn(|context| {
            let granted = waiting.as_mut().poll(context);
            stall.watch(context, granted)
        });
        match granted.await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.link.stall();
                Err(error)
            }
            granted => granted,
        }
    }

    fn send_now(&mut self, bytes: Bytes, ended: bool) -> io::Result<()> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        self.stall.earn(bytes.len());
        let bytes = match bytes.is_empty() {
            true => bytes,
            false => self.link.memory.queue(bytes),
        };
        let sent = writer.send_data(bytes, ended);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Gives back the window that was reserved and is not needed.
    fn unreserve(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.reserve_capacity(0);
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
        match &mut self.writer {
            Some(writer) => writer.poll_reset(context).map(|_| ()),
            None => pin!(self.session.idle()).poll(context).map(|_| ()),
        }
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

    fn room(&mut self, most: usize) -> usize {
        let Some(writer) = &mut self.writer else {
            return 0;
        };
        let most = self.link.memory.queueable(most);
        writer.reserve_capacity(most);
        writer.capacity().min(most)
    }

    async fn wait_for_room(&mut self, most: usize) -> io::Result<()> {
        self.granted(most).await.map(|_| ())
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
        if bare {
            return Ok(());
        }
        self.writer = self.session.take_response_body_writer();
        if first.is_empty() {
            return Ok(());
        }
        let _waiting = self.link.memory.charge(first.len());
        self.send(&mut first.into(), ended).await
    }

    async fn send(&mut self, piece: &mut BytesMut, ended: bool) -> io::Result<()> {
        let mut left = whole(piece);
        while !left.is_empty() {
            let granted = match self.room(left.len()) {
                0 => self.granted(left.len()).await?,
                room => room,
            };
            let some = left.split_to(granted.min(left.len()));
            let last = ended && left.is_empty();
            self.send_now(some, last)?;
            if last {
                return Ok(());
            }
        }
        if ended {
            return self.send_now(Bytes::new(), true);
        }
        self.unreserve();
        Ok(())
    }
}

/// The bytes, copied where they would keep a buffer alive that is much larger.
fn whole(piece: &mut BytesMut) -> Bytes {
    if piece.capacity() > 2 * piece.len() {
        let copied = Bytes::copy_from_slice(piece);
        piece.clear();
        return copied;
    }
    piece.split().freeze()
}

/// Waits until the connection's memory and the client's window have room for some bytes.
async fn grant(writer: &mut SendStream<Bytes>, memory: &Account, most: usize) -> io::Result<usize> {
    loop {
        memory.room().await;
        let most = memory.queueable(most).max(1);
        writer.reserve_capacity(most);
        if writer.capacity() > 0 {
            return Ok(writer.capacity().min(most));
        }
        let granted = poll_fn(|context| writer.poll_capacity(context)).await;
        if !matches!(granted, Some(Ok(_))) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
}

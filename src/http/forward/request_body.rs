//! A request on its way to the upstream: its head, then its content at the upstream's pace.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BufMut, BytesMut};

use super::{
    client::Client,
    event::{Event, LARGE_PIECE, PIECE},
    framing::{Framing, put_chunk},
    upstream::Upstream,
};
use crate::{
    http::{request::Exchange, response::local_response::LocalResponse},
    transport::{
        idle_timeout::IdleTimeout,
        memory_budget::{Account, Charge},
    },
};

/// A request on its way to the upstream.
pub(super) struct RequestBody {
    /// Bytes received and not yet sent.
    pending: BytesMut,
    framing: Framing,
    state: State,
    idle_timeout: IdleTimeout,
    /// Bytes received at a time.
    size: usize,
    /// Bytes dropped after the upstream has refused the content.
    dropped: usize,
    /// Set while written bytes may be in a buffer of the upstream connection.
    is_buffered: bool,
    /// Set while a pending piece has to be sent before the next is received.
    has_piece: bool,
    held: Charge,
    /// Set for a stream of messages, which has no slowest pace.
    is_stream: bool,
    /// The content sent so far while it is small, so that it can be sent again.
    sent: Option<BytesMut>,
}

/// Bytes of content read and dropped at most, so that a client that still sends gets the response.
pub(crate) const MOST_DROPPED: usize = 1024 * 1024;

#[derive(PartialEq, Eq)]
enum State {
    /// The client still sends content.
    Receiving,
    /// All bytes that remain to be sent are pending.
    Sending,
    Sent,
    /// The HTTP/2 stream accepts no more content, and the request may be sent again.
    Broken,
    /// The upstream accepts no more content. Its response is awaited while content is dropped.
    Refused,
}

impl RequestBody {
    /// A request that begins with this head; its idle timeout is `limits.idle`.
    pub(super) fn new(head: &[u8], framing: Framing, exchange: &Exchange) -> Self {
        let idle_timeout = exchange.sites.config.limits.idle;
        Self {
            size: PIECE,
            dropped: 0,
            is_buffered: false,
            has_piece: false,
            is_stream: false,
            sent: (framing == Framing::Frames).then(BytesMut::new),
            held: exchange.connection.memory.charge(head.len()),
            pending: head.into(),
            state: match framing {
                Framing::Nothing if head.is_empty() => State::Sent,
                Framing::Nothing => State::Sending,
                Framing::Length | Framing::Chunks | Framing::Frames => State::Receiving,
            },
            framing,
            idle_timeout: IdleTimeout::new(idle_timeout),
        }
    }

    /// Marks the content as a stream of messages, with the idle timeout of the response.
    pub(super) fn streaming(mut self, idle_timeout: Duration) -> Self {
        self.is_stream = true;
        self.idle_timeout = IdleTimeout::new(idle_timeout);
        self
    }

    /// Reports whether the request was sent whole.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Sent
    }

    /// Sends no more content.
    pub(super) fn refuse(&mut self) {
        self.pending = BytesMut::new();
        self.held.resize(0);
        self.state = State::Refused;
    }

    /// Prepares to send the content again on another stream; false if it was too large to store.
    pub(super) fn rewind(&mut self) -> bool {
        if self.framing == Framing::Nothing {
            return true;
        }
        let Some(sent) = self.sent.as_mut().map(BytesMut::split) else {
            return false;
        };
        let unsent = std::mem::replace(&mut self.pending, sent);
        self.pending.put_slice(&unsent);
        self.account();
        self.state = State::Receiving;
        true
    }

    /// Frees the content stored for another stream.
    pub(super) fn forget(&mut self) {
        self.sent = None;
    }

    /// Notes that the upstream accepts no more content.
    fn fail(&mut self) {
        match self.sent {
            Some(_) => self.state = State::Broken,
            None => self.refuse(),
        }
    }

    /// Receives and sends content; ready once the request was sent whole or refused.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
        upstream: &mut Upstream,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), Event>> {
        loop {
            match self.state {
                State::Sent => return Poll::Ready(Ok(())),
                State::Broken if self.sent.is_some() => return Poll::Pending,
                State::Broken => self.refuse(),
                State::Refused => return self.poll_drop(context, client),
                State::Receiving | State::Sending => {}
            }
            let received = self.poll_body(context, client, exchange)?;
            self.account();
            if received.is_pending() && self.pending.is_empty() && !self.is_buffered {
                let late = self.idle_timeout.poll(context);
                return late.map(|()| Err(Event::Refused(LocalResponse::client_slow)));
            }
            let memory = &exchange.connection.memory;
            if self.poll_send(context, upstream, memory).is_pending() {
                let late = self.idle_timeout.poll(context);
                return late.map(|()| Err(Event::TimedOut));
            }
            if self.pending.is_empty() {
                self.has_piece = false;
                client.has_forwarded();
            }
        }
    }

    /// Receives content while there is room for it; pending while the client sends none.
    fn poll_body<C: Client>(
        &mut self,
        context: &mut Context<'_>,
        client: &mut C,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), Event>> {
        while self.state == State::Receiving && self.pending.len() < PIECE {
            if client.has_sent() {
                self.end();
                break;
            }
            if self.has_piece {
                return Poll::Pending;
            }
            let before = exchange.received;
            match ready!(self.poll_piece(context, client)) {
                Ok(length @ 1..) => {
                    exchange.received = before + length as u64;
                    self.has_piece = !C::GATHERS;
                }
                Ok(0) | Err(_) if client.has_sent() => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Poll::Ready(Err(Event::Refused(LocalResponse::bad_chunks)));
                }
                Ok(0) | Err(_) => return Poll::Ready(Err(Event::Disconnected)),
            }
            self.idle_timeout.renew();
            exchange.limit_body(self.is_stream)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and drops content up to `MOST_DROPPED`.
    fn poll_drop(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
    ) -> Poll<Result<(), Event>> {
        while !client.has_sent() && self.dropped < MOST_DROPPED {
            let mut piece = BytesMut::new();
            match ready!(client.poll_body(context, &mut piece)) {
                Ok(length @ 1..) => {
                    self.dropped += length;
                    client.has_forwarded();
                }
                _ if client.has_sent() => {}
                _ => return Poll::Ready(Err(Event::Disconnected)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Charges the buffers; an empty one is freed.
    fn account(&mut self) {
        if self.pending.is_empty() {
            self.pending = BytesMut::new();
        }
        let sent = self.sent.as_ref().map_or(0, BytesMut::capacity);
        self.held.resize(self.pending.capacity() + sent);
    }

    /// Receives the next piece and returns its length; 0 at the end of the connection.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
    ) -> Poll<io::Result<usize>> {
        if self.framing != Framing::Chunks {
            self.pending.reserve(self.size);
            let read = ready!(client.poll_body(context, &mut self.pending));
            if matches!(read, Ok(read) if read >= PIECE) {
                self.size = LARGE_PIECE;
            }
            return Poll::Ready(read);
        }
        let mut piece = BytesMut::new();
        let read = ready!(client.poll_body(context, &mut piece));
        if !piece.is_empty() {
            put_chunk(&mut self.pending, &piece);
        }
        Poll::Ready(read)
    }

    fn end(&mut self) {
        self.state = State::Sending;
        if self.framing == Framing::Chunks {
            self.pending.put_slice(b"0\r\n\r\n");
        }
    }

    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        upstream: &mut Upstream,
        memory: &Arc<Account>,
    ) -> Poll<()> {
        if !self.pending.is_empty() {
            match ready!(upstream.poll_write(context, &self.pending, memory)) {
                Ok(sent) => {
                    self.store(sent);
                    self.pending.advance(sent);
                    self.is_buffered = true;
                }
                Err(_) => self.fail(),
            }
            self.idle_timeout.renew();
        }
        if !self.pending.is_empty() {
            return Poll::Ready(());
        }
        if ready!(upstream.poll_flush(context)).is_err() {
            self.fail();
        }
        self.is_buffered = false;
        if self.state == State::Sending {
            match upstream.end() {
                Ok(()) => self.state = State::Sent,
                Err(_) => self.fail(),
            }
        }
        Poll::Ready(())
    }

    /// Stores the bytes that were sent, while their sum is at most `PIECE`.
    fn store(&mut self, sent: usize) {
        let Some(before) = &mut self.sent else { return };
        if before.len() + sent > PIECE {
            self.sent = None;
        } else {
            before.put_slice(&self.pending[..sent]);
        }
    }
}

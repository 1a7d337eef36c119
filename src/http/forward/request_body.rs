//! A request on its way to the hub: its head, and then its body at the hub's pace.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BufMut, BytesMut};

use super::{
    body_limit::{self, OverLimit},
    client::Client,
    event::{Event, LARGE_PIECE, PIECE},
    framing::Framing,
    idle_timeout::IdleTimeout,
    upstream::Upstream,
};
use crate::{
    http::{request::Exchange, response::statuses},
    transport::memory_budget::{Account, Charge},
};

/// A request on its way to the hub.
pub(super) struct RequestBody {
    pending: BytesMut,
    framing: Framing,
    state: State,
    idle_timeout: IdleTimeout,
    /// Received at a time.
    size: usize,
    /// Bytes that were dropped.
    dropped: usize,
    /// Set while written bytes may be in a buffer of the hub's stream.
    is_buffered: bool,
    /// Whether a piece is pending that keeps the next one from being received.
    has_piece: bool,
    held: Charge,
    /// Whether it is a stream of messages, which come when there are some.
    is_stream: bool,
    /// What was sent of the body, as long as that is little: it can be sent again.
    sent: Option<BytesMut>,
}

/// Bytes of a body read and dropped at most, so that a client which is still sending hears the
/// response.
pub(crate) const MOST_DROPPED: usize = 1024 * 1024;

#[derive(PartialEq, Eq)]
enum State {
    /// More of the body is to come.
    Receiving,
    /// All that is to be sent is pending.
    Sending,
    Sent,
    /// The hub's stream takes no more; what it answers says whether the request is sent again.
    Broken,
    /// The hub takes no more; what it answers is heard, and some of what comes is dropped.
    Refused,
}

impl RequestBody {
    /// Sends this head first; then, nothing may happen for `limits.idle` only.
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
            idle_timeout: IdleTimeout::of(idle_timeout),
        }
    }

    /// The same for a stream of messages: nothing may happen for as long as over the response.
    pub(super) fn streaming(mut self, silence: Duration) -> Self {
        self.is_stream = true;
        self.idle_timeout = IdleTimeout::of(silence);
        self
    }

    /// Whether the hub has got all.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Sent
    }

    /// Sends no more to the hub.
    pub(super) fn refuse(&mut self) {
        self.pending = BytesMut::new();
        self.held.resize(0);
        self.state = State::Refused;
    }

    /// Begins anew on another stream, from what was sent; returns whether that is possible.
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

    /// Forgets what was sent: the response has begun.
    pub(super) fn forget(&mut self) {
        self.sent = None;
    }

    /// Notes that the hub takes no more.
    fn fail(&mut self) {
        match self.sent {
            Some(_) => self.state = State::Broken,
            None => self.refuse(),
        }
    }

    /// Goes on; ready when there is nothing more to send.
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
                return late.map(|()| Err(Event::Refused(statuses::client_slow)));
            }
            let memory = &exchange.connection.memory;
            if self.poll_send(context, upstream, memory).is_pending() {
                return self
                    .idle_timeout
                    .poll(context)
                    .map(|()| Err(Event::TimedOut));
            }
            if self.pending.is_empty() {
                self.has_piece = false;
                client.has_forwarded();
            }
        }
    }

    /// Takes more of the body as long as there is room; pending when there is none now.
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
                    return Poll::Ready(Err(Event::Refused(statuses::bad_chunks)));
                }
                Ok(0) | Err(_) => return Poll::Ready(Err(Event::Disconnected)),
            }
            self.idle_timeout.renew();
            body_limit::limit(exchange, self.is_stream).map_err(|over| match over {
                OverLimit::Size => Event::Refused(statuses::too_large),
                OverLimit::Time => Event::Refused(statuses::client_slow),
            })?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and drops some of what comes; pending while more may.
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

    /// Charges what is pending; an empty buffer is freed.
    fn account(&mut self) {
        if self.pending.is_empty() {
            self.pending = BytesMut::new();
        }
        let sent = self.sent.as_ref().map_or(0, BytesMut::capacity);
        self.held.resize(self.pending.capacity() + sent);
    }

    /// The length of the next piece; 0 at the end of what comes.
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
            self.pending
                .put_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            self.pending.put_slice(&piece);
            self.pending.put_slice(b"\r\n");
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
                    self.remember(sent);
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

    /// Remembers the next bytes to be sent, where all of them together are few.
    fn remember(&mut self, sent: usize) {
        let Some(before) = &mut self.sent else { return };
        if before.len() + sent > PIECE {
            self.sent = None;
        } else {
            before.put_slice(&self.pending[..sent]);
        }
    }
}

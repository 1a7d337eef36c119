//! A request on its way to the hub: its head, and then its body at the hub's pace.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::AsyncWrite;

use super::{
    body_limit::{self, OverLimit},
    client::Client,
    event::{Event, LARGE_PIECE, PIECE},
    idle_timeout::IdleTimeout,
};
use crate::{
    http::{http1::request_head::Body, request::Exchange, response::statuses},
    transport::memory_budget::Charge,
    upstream::UpstreamStream,
};

/// How the hub is told where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Nothing,
    /// By its length, in the head.
    Length,
    /// In chunks that are made here.
    Chunks,
}

impl Framing {
    /// The framing for the server of a body that came so.
    pub(crate) fn of(body: Body) -> Self {
        match body {
            Body::Length(0) => Self::Nothing,
            Body::Length(_) => Self::Length,
            Body::Chunked => Self::Chunks,
        }
    }
}

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
            held: exchange.connection.memory.charge(head.len()),
            pending: head.into(),
            state: match framing {
                Framing::Nothing => State::Sending,
                Framing::Length | Framing::Chunks => State::Receiving,
            },
            framing,
            idle_timeout: IdleTimeout::of(idle_timeout),
        }
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

    /// Goes on; ready when there is nothing more to send.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
        upstream: &mut UpstreamStream,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), Event>> {
        loop {
            match self.state {
                State::Sent => return Poll::Ready(Ok(())),
                State::Refused => return self.poll_drop(context, client),
                State::Receiving | State::Sending => {}
            }
            let received = self.poll_body(context, client, exchange)?;
            self.account();
            if received.is_pending() && self.pending.is_empty() && !self.is_buffered {
                let late = self.idle_timeout.poll(context);
                return late.map(|()| Err(Event::Refused(statuses::client_slow)));
            }
            if self.poll_send(context, upstream).is_pending() {
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
            body_limit::limit(exchange).map_err(|over| match over {
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
        self.held.resize(self.pending.capacity());
    }

    /// The length of the next piece; 0 at the end of what comes.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
    ) -> Poll<io::Result<usize>> {
        if self.framing == Framing::Length {
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

    fn poll_send(&mut self, context: &mut Context<'_>, upstream: &mut UpstreamStream) -> Poll<()> {
        if !self.pending.is_empty() {
            match ready!(Pin::new(&mut *upstream).poll_write(context, &self.pending)) {
                Ok(sent) => {
                    self.pending.advance(sent);
                    self.is_buffered = true;
                }
                Err(_) => self.refuse(),
            }
            self.idle_timeout.renew();
        }
        if !self.pending.is_empty() {
            return Poll::Ready(());
        }
        if ready!(Pin::new(upstream).poll_flush(context)).is_err() {
            self.refuse();
        }
        self.is_buffered = false;
        if self.state == State::Sending {
            self.state = State::Sent;
        }
        Poll::Ready(())
    }
}

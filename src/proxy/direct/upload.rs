//! A request on its way to the hub: its head, and then its body at the hub's pace.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, BytesMut};
use tokio::{io::AsyncWrite, net::TcpStream};

use super::{
    super::{budget::Charge, exchange::Exchange, pace, page},
    Client, Event, LARGE_PIECE, PIECE, Patience,
};

/// How the hub is told where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Framing {
    /// There is none.
    Nothing,
    /// By its length, in the head.
    Length,
    /// In chunks that are made here.
    Chunks,
}

/// A request on its way to the hub.
pub(super) struct Upload {
    pending: BytesMut,
    framing: Framing,
    state: State,
    patience: Patience,
    /// Received at a time.
    size: usize,
    held: Charge,
}

#[derive(PartialEq, Eq)]
enum State {
    /// More of the body is to come.
    Receiving,
    /// All that is to be sent is pending.
    Sending,
    Sent,
    /// The hub takes no more; what it answers is heard.
    Refused,
}

impl Upload {
    /// Sends this head first; then, nothing may happen for `limits.idle` only.
    pub(super) fn new(head: &[u8], framing: Framing, exchange: &Exchange) -> Self {
        let patience = exchange.sites.config.limits.idle;
        Self {
            size: PIECE,
            held: exchange.link.memory.charge(head.len()),
            pending: head.into(),
            state: match framing {
                Framing::Nothing => State::Sending,
                Framing::Length | Framing::Chunks => State::Receiving,
            },
            framing,
            patience: Patience::of(patience),
        }
    }

    /// Whether the hub has got all.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Sent
    }

    /// Goes on; ready when there is nothing more to send.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
        hub: &mut TcpStream,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), Event>> {
        loop {
            if matches!(self.state, State::Sent | State::Refused) {
                return Poll::Ready(Ok(()));
            }
            let received = self.poll_body(context, client, exchange)?;
            self.account();
            if received.is_pending() && self.pending.is_empty() {
                let late = self.patience.poll(context);
                return late.map(|()| Err(Event::Refused(page::client_slow)));
            }
            if self.poll_send(context, hub).is_pending() {
                return self.patience.poll(context).map(|()| Err(Event::Late));
            }
        }
    }

    /// Takes more of the body as long as there is room; pending when there is none now.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), Event>> {
        while self.state == State::Receiving && self.pending.len() < PIECE {
            if client.has_sent() {
                self.end();
                break;
            }
            let before = exchange.received;
            match ready!(self.poll_piece(context, client)) {
                Some(length) => exchange.received = before + length as u64,
                None if client.has_sent() => {}
                None => return Poll::Ready(Err(Event::Gone)),
            }
            self.patience.renew();
            pace::limit(exchange).map_err(|error| match error.etype() {
                pingora_core::ErrorType::HTTPStatus(413) => Event::Refused(page::too_large),
                _ => Event::Refused(page::client_slow),
            })?;
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

    /// The length of the next piece; none at the end of what comes.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        client: &mut impl Client,
    ) -> Poll<Option<usize>> {
        if self.framing == Framing::Length {
            self.pending.reserve(self.size);
            let read = ready!(client.poll_body(context, &mut self.pending));
            if matches!(read, Ok(read) if read >= PIECE) {
                self.size = LARGE_PIECE;
            }
            return Poll::Ready(read.ok().filter(|read| *read > 0));
        }
        let mut piece = BytesMut::new();
        let read = ready!(client.poll_body(context, &mut piece));
        if !piece.is_empty() {
            self.pending
                .put_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            self.pending.put_slice(&piece);
            self.pending.put_slice(b"\r\n");
        }
        Poll::Ready(read.ok().filter(|read| *read > 0))
    }

    fn end(&mut self) {
        self.state = State::Sending;
        if self.framing == Framing::Chunks {
            self.pending.put_slice(b"0\r\n\r\n");
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>, hub: &mut TcpStream) -> Poll<()> {
        if !self.pending.is_empty() {
            match ready!(Pin::new(hub).poll_write(context, &self.pending)) {
                Ok(sent) => self.pending.advance(sent),
                Err(_) => self.state = State::Refused,
            }
            self.patience.renew();
        }
        if self.pending.is_empty() && self.state == State::Sending {
            self.state = State::Sent;
        }
        Poll::Ready(())
    }
}

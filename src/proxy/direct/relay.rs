//! The hub's answer on its way to the client, at the pace of both.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

use bytes::BytesMut;

use super::{
    super::failure, Client, Connection, Event, LARGE_PIECE, Outcome, PIECE, Passage, Response,
    poll_read,
};

/// Received though the client has no room: the end of a chunked body, which takes none.
const END: usize = 16;

impl<C: Client> Passage<'_, C> {
    /// Sends the answer on to its end.
    pub(super) async fn relay(
        &mut self,
        mut hub: Connection,
        response: Response<C::Answer>,
    ) -> Outcome<C::Answer> {
        let (head, mut rest) = response.split();
        let (ended, endless) = (self.exchange.ended(), rest.endless);
        if endless {
            self.exchange.link.carries_endless();
        }
        let drain = &self.proxy.drain;
        let passed = tokio::select! {
            biased;
            () = ended => Err(io::ErrorKind::ConnectionAborted.into()),
            passed = self.pass_on(&mut hub, head, &mut rest) => passed,
            () = drain.leaving.cancelled(), if endless => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        };
        self.record(rest.status.as_u16(), rest.sent);
        if let Err(error) = passed {
            failure::tell_broken(&error, &self.exchange);
            return Outcome::Cut;
        }
        let unsent = self
            .upload
            .as_ref()
            .is_some_and(|upload| !upload.has_ended());
        if rest.keeps() && !unsent {
            self.proxy.hubs.keep(hub);
        }
        Outcome::Whole {
            last: rest.last,
            unread: !self.client.has_sent(),
        }
    }

    async fn pass_on(
        &mut self,
        hub: &mut Connection,
        head: C::Answer,
        response: &mut Response<()>,
    ) -> io::Result<()> {
        let mut piece = std::mem::take(&mut response.first);
        let ended = response.has_ended();
        self.give_trailers(response);
        self.client.begin(head, &piece, ended).await?;
        let mut size = PIECE;
        let mut held = self.exchange.link.memory.charge(0);
        while !response.has_ended() {
            if self.exchange.link.memory.is_tight() {
                size = PIECE;
            }
            held.resize(0);
            if self.receive(hub, &mut piece, size).await? == 0 {
                response.breaks_off()?;
                piece.clear();
                return self.client.send(&mut piece, true).await;
            }
            if piece.len() >= size {
                size = LARGE_PIECE;
            }
            held.resize(piece.capacity());
            response.follow(&mut piece)?;
            let ended = response.has_ended();
            self.give_trailers(response);
            self.client.send(&mut piece, ended).await?;
        }
        Ok(())
    }

    fn give_trailers(&mut self, response: &mut Response<()>) {
        if let Some(trailers) = response.take_trailers() {
            self.client.set_trailers(trailers);
        }
    }

    /// At most so much more of the answer, as far as the client has room for it; nothing at its
    /// connection's end. No buffer is held meanwhile.
    async fn receive(
        &mut self,
        hub: &mut Connection,
        piece: &mut BytesMut,
        size: usize,
    ) -> io::Result<usize> {
        *piece = BytesMut::new();
        loop {
            self.patience.renew();
            self.readable(hub).await?;
            if self.client.room(size) == 0 && has_more_than_end(hub) {
                self.client.wait_for_room(size).await?;
            }
            let room = self.client.room(size).max(END);
            let read = poll_fn(|context| Poll::Ready(poll_read(context, hub, piece, room)));
            match read.await {
                Poll::Ready(read) => return read,
                Poll::Pending => self.client.room(0),
            };
        }
    }

    /// Sends on what is left of a request whose response has begun; ready once the client is gone.
    /// A body that is too large, or too slow, is not sent on, and the response goes on.
    fn poll_upload(&mut self, context: &mut Context<'_>, hub: &mut Connection) -> Poll<()> {
        let Some(upload) = &mut self.upload else {
            return Poll::Pending;
        };
        let (client, exchange) = (&mut self.client, &mut self.exchange);
        match upload.poll(context, client, &mut hub.stream, exchange) {
            Poll::Ready(Err(Event::Gone)) => return Poll::Ready(()),
            Poll::Ready(Err(_)) => upload.refuse(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Poll::Pending
    }

    /// Waits until the hub has sent something.
    async fn readable(&mut self, hub: &mut Connection) -> io::Result<()> {
        poll_fn(|context| {
            if self.poll_upload(context, hub).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if let Poll::Ready(readable) = hub.stream.poll_read_ready(context) {
                return Poll::Ready(readable);
            }
            if self.client.has_sent() && self.client.poll_gone(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let late = self.patience.poll(context);
            late.map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }
}

/// Whether more has come than what ends a chunked body, which takes no room.
fn has_more_than_end(hub: &Connection) -> bool {
    hub.stream.holds(&mut [0; END])
}

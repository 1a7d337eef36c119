//! The hub's answer on its way to the client, at the pace of both.

use std::{future::poll_fn, io, task::Poll};

use bytes::BytesMut;
use futures_util::FutureExt;

use super::{
    super::failure, Client, Hub, LARGE_PIECE, Outcome, PIECE, Passage, Response, poll_read,
};

/// Received though the client has no room: the end of a chunked body, which takes none.
const END: usize = 16;

impl<C: Client> Passage<'_, C> {
    /// Sends the answer on to its end.
    pub(super) async fn relay(&mut self, mut hub: Hub, response: Response<C::Answer>) -> Outcome {
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
        if rest.keeps() && !self.unsent {
            self.proxy.pool.keep(hub.address, hub.stream);
        }
        Outcome::Whole {
            last: rest.last,
            unsent: self.unsent,
        }
    }

    async fn pass_on(
        &mut self,
        hub: &mut Hub,
        head: C::Answer,
        response: &mut Response<()>,
    ) -> io::Result<()> {
        let mut piece = std::mem::take(&mut response.first);
        let ended = response.has_ended();
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
            self.client.send(&mut piece, ended).await?;
        }
        Ok(())
    }

    /// At most so much more of the answer, as far as the client has room for it; nothing at its
    /// connection's end. No buffer is held meanwhile.
    async fn receive(
        &mut self,
        hub: &mut Hub,
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

    /// Waits until the hub has sent something.
    async fn readable(&mut self, hub: &mut Hub) -> io::Result<()> {
        poll_fn(|context| {
            if let Poll::Ready(readable) = hub.stream.poll_read_ready(context) {
                return Poll::Ready(readable);
            }
            if self.client.poll_gone(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let late = self.patience.poll(context);
            late.map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }
}

/// Whether more has come than what ends a chunked body, which takes no room.
fn has_more_than_end(hub: &Hub) -> bool {
    let mut peeked = [0; END];
    let peeked = hub.stream.peek(&mut peeked).now_or_never();
    matches!(peeked, Some(Ok(END)))
}

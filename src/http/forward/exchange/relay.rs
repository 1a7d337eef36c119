//! The hub's answer on its way to the client, at the pace of both.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

use bytes::BytesMut;

use super::{
    super::{
        client::Client,
        event::{Event, LARGE_PIECE, PIECE},
        request_body::RequestBody,
        response::Response,
        upstream::Upstream,
    },
    Forward, Outcome,
};

/// Received though the client has no room: the end of a chunked body, which takes none.
const END: usize = 16;

impl<C: Client> Forward<'_, C> {
    /// Sends the answer on to its end.
    pub(super) async fn relay(
        &mut self,
        upstream: Upstream,
        response: Response<C::ResponseHead>,
    ) -> Outcome<C::ResponseHead> {
        let (head, mut rest) = response.split();
        let (ended, streaming) = (self.admitted.grant.ended(), rest.streaming);
        if streaming {
            self.admitted.exchange.connection.mark_streaming();
        }
        let drain = &self.proxy.drain;
        let passed = tokio::select! {
            biased;
            () = ended => Err(io::ErrorKind::ConnectionAborted.into()),
            passed = self.pass_on(upstream, head, &mut rest) => passed,
            () = drain.leaving.raised(), if streaming => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        };
        self.record(rest.status.as_u16(), rest.sent);
        if let Err(error) = passed {
            self.log_broken(&error);
            return Outcome::Cut;
        }
        Outcome::Whole {
            last: rest.last,
            unread: !self.client.has_sent(),
        }
    }

    /// Logs that a response was cut short because of the upstream.
    fn log_broken(&self, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => match error.get_ref() {
                Some(why) => self.log_response(&format!("it breaks off: {why}")),
                None => self.log_response("it breaks off"),
            },
            io::ErrorKind::InvalidData => match error.get_ref() {
                Some(why) => self.log_response(&why.to_string()),
                None => self.log_response("its chunks are malformed"),
            },
            _ => {}
        }
    }

    async fn pass_on(
        &mut self,
        upstream: Upstream,
        head: C::ResponseHead,
        response: &mut Response<()>,
    ) -> io::Result<()> {
        let mut piece = std::mem::take(&mut response.first);
        let mut upstream = self.keep_ended(upstream, response);
        self.give_trailers(response);
        self.client.begin(head, &piece, upstream.is_none()).await?;
        let mut size = PIECE;
        let memory = self.admitted.exchange.connection.memory.clone();
        let (mut held, mut unread) = (memory.charge(0), memory.overhead(0));
        while let Some(mut connection) = upstream {
            if memory.is_tight() {
                size = PIECE;
            }
            held.resize(0);
            let received = self.receive(&mut connection, &mut piece, size).await?;
            let end = connection.take_end();
            if received == 0 && end.is_none() {
                response.breaks_off()?;
                piece.clear();
                return self.client.send(&mut piece, true).await;
            }
            if piece.len() >= size {
                size = LARGE_PIECE;
            }
            held.resize(piece.capacity());
            unread.resize(connection.unread());
            response.follow(&mut piece)?;
            if let Some(trailers) = end {
                response.end(trailers, &mut piece)?;
            }
            self.give_trailers(response);
            upstream = self.keep_ended(connection, response);
            self.client.send(&mut piece, upstream.is_none()).await?;
        }
        Ok(())
    }

    /// Returns the connection to the pool, or closes it, once the response has ended: before the
    /// client gets the last of it, whose next request may take the connection.
    fn keep_ended(&mut self, upstream: Upstream, response: &Response<()>) -> Option<Upstream> {
        if !response.has_ended() {
            return Some(upstream);
        }
        let body = self.request_body.as_ref();
        if response.keeps() && body.is_none_or(RequestBody::has_ended) {
            upstream.keep(&self.proxy.connector);
        }
        None
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
        upstream: &mut Upstream,
        piece: &mut BytesMut,
        size: usize,
    ) -> io::Result<usize> {
        *piece = BytesMut::new();
        loop {
            self.idle_timeout.renew();
            self.readable(upstream).await?;
            if self.client.room(size) == 0 && has_more_than_end(upstream) {
                self.client.wait_for_room(size).await?;
            }
            let room = self.client.room(size).max(END);
            let read = poll_fn(|context| Poll::Ready(upstream.poll_read(context, piece, room)));
            match read.await {
                Poll::Ready(read) => return read,
                Poll::Pending => self.client.room(0),
            };
        }
    }

    /// Sends on what is left of a request whose response has begun; ready once the client is gone.
    /// A body that is too large, or too slow, is not sent on, and the response goes on.
    fn poll_upload(&mut self, context: &mut Context<'_>, upstream: &mut Upstream) -> Poll<()> {
        let Some(request_body) = &mut self.request_body else {
            return Poll::Pending;
        };
        let (client, exchange) = (&mut self.client, &mut self.admitted.exchange);
        match request_body.poll(context, client, upstream, exchange) {
            Poll::Ready(Err(Event::Disconnected)) => return Poll::Ready(()),
            Poll::Ready(Err(_)) => request_body.refuse(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Poll::Pending
    }

    /// Waits until the hub has sent something.
    async fn readable(&mut self, upstream: &mut Upstream) -> io::Result<()> {
        poll_fn(|context| {
            if self.poll_upload(context, upstream).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if let Poll::Ready(readable) = upstream.poll_read_ready(context) {
                return Poll::Ready(readable);
            }
            if self.client.has_sent() && self.client.poll_gone(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let late = self.idle_timeout.poll(context);
            late.map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }
}

/// Whether more has come than what ends a chunked body, which takes no room.
fn has_more_than_end(upstream: &Upstream) -> bool {
    upstream.holds(&mut [0; END])
}

//! The response's content on its way to the client, at the pace of client and upstream.

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

/// Bytes received even if the client has no room, as the last chunk carries no content.
const END: usize = 16;

impl<C: Client> Forward<'_, C> {
    /// Forwards a response to its end.
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
        let forwarded = tokio::select! {
            biased;
            () = ended => Err(io::ErrorKind::ConnectionAborted.into()),
            forwarded = self.forward_content(upstream, head, &mut rest) => forwarded,
            () = drain.leaving.raised(), if streaming => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        };
        self.log(rest.status.as_u16(), rest.sent);
        if let Err(error) = forwarded {
            self.log_broken(&error);
            return Outcome::Cut;
        }
        Outcome::Whole {
            closes: rest.closes,
            unread: !self.client.has_sent(),
        }
    }

    /// Logs why the response is incomplete, if the upstream is at fault.
    fn log_broken(&self, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => match error.get_ref() {
                Some(why) => self.log_fault(&format!("it breaks off: {why}")),
                None => self.log_fault("it breaks off"),
            },
            io::ErrorKind::InvalidData => match error.get_ref() {
                Some(why) => self.log_fault(&why.to_string()),
                None => self.log_fault("its chunks are malformed"),
            },
            _ => {}
        }
    }

    async fn forward_content(
        &mut self,
        upstream: Upstream,
        head: C::ResponseHead,
        response: &mut Response<()>,
    ) -> io::Result<()> {
        let mut piece = std::mem::take(&mut response.first);
        let mut upstream = self.release_ended(upstream, response);
        self.set_trailers(response);
        let ended = upstream.is_none();
        self.client.begin(head, &mut piece, ended).await?;
        if ended {
            return Ok(());
        }
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
                response.check_close()?;
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
            self.set_trailers(response);
            upstream = self.release_ended(connection, response);
            self.client.send(&mut piece, upstream.is_none()).await?;
        }
        Ok(())
    }

    /// Returns the upstream connection to the pool, or closes it, once the response has ended. The
    /// client gets the last content only then, so that its next request finds the connection idle.
    fn release_ended(&mut self, upstream: Upstream, response: &Response<()>) -> Option<Upstream> {
        if !response.has_ended() {
            return Some(upstream);
        }
        let body = self.request_body.as_ref();
        if response.is_reusable() && body.is_none_or(RequestBody::has_ended) {
            upstream.store(&self.proxy.connector);
        }
        None
    }

    fn set_trailers(&mut self, response: &mut Response<()>) {
        if let Some(trailers) = response.take_trailers() {
            self.client.set_trailers(trailers);
        }
    }

    /// Receives at most `size` bytes of content for which the client has room; 0 at the end of the
    /// upstream connection. No buffer is allocated while it waits.
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
            // The last chunk needs no room.
            if self.client.room(size) == 0 && upstream.holds(&mut [0; END]) {
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

    /// Sends the rest of a request while its response is forwarded; ready once the client
    /// disconnects. Content that exceeds a limit is not sent, and the response continues.
    fn poll_request_body(
        &mut self,
        context: &mut Context<'_>,
        upstream: &mut Upstream,
    ) -> Poll<()> {
        let Some(request_body) = &mut self.request_body else {
            return Poll::Pending;
        };
        let (client, exchange) = (&mut *self.client, &mut self.admitted.exchange);
        match request_body.poll(context, client, upstream, exchange) {
            Poll::Ready(Err(Event::Disconnected)) => return Poll::Ready(()),
            Poll::Ready(Err(_)) => request_body.refuse(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Poll::Pending
    }

    /// Waits until the upstream has sent content.
    async fn readable(&mut self, upstream: &mut Upstream) -> io::Result<()> {
        poll_fn(|context| {
            if self.poll_request_body(context, upstream).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if let Poll::Ready(readable) = upstream.poll_read_ready(context) {
                return Poll::Ready(readable);
            }
            if self.client.has_sent() && self.client.poll_disconnected(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let timed_out = self.idle_timeout.poll(context);
            timed_out.map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }
}

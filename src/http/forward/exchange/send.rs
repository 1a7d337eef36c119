//! The request on its way to the upstream, until the head of the final response.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::BytesMut;
use http::Version;

use super::{Fault, Forward};
use crate::{
    http::{
        forward::{
            client::Client,
            event::{Event, PIECE, SMALL_PIECE},
            framing::Framing,
            request_body::RequestBody,
            request_head::RequestHead,
            response::Response,
            response_head::RequestContext,
            upstream::Upstream,
        },
        response::local_response::LocalResponse,
    },
    upstream::{Http2Answer, Reuse},
};

impl<C: Client> Forward<'_, C> {
    /// Connects to a server, unless the client disconnects first.
    pub(super) async fn connect(
        &mut self,
        head: &RequestHead,
        framing: Framing,
        reuse: Reuse,
    ) -> Result<Upstream, Fault> {
        let route = &mut self.admitted.route;
        let client = &mut *self.client;
        let disconnected = poll_fn(|context| match client.has_sent() {
            true => client.poll_disconnected(context),
            false => Poll::Pending,
        });
        let connected = Upstream::connect(&self.proxy.connector, route, head, framing, reuse);
        tokio::select! {
            biased;
            connected = connected => connected.map_err(|why| LocalResponse::from(why).into()),
            () = disconnected => Err(Fault::Disconnected),
        }
    }

    /// Sends the request and returns the final response; records its time for the log.
    pub(super) async fn send(
        &mut self,
        upstream: &mut Upstream,
        request_body: &mut RequestBody,
    ) -> Result<Response<C::ResponseHead>, Fault> {
        let mut received = BytesMut::new();
        let idle_timeout = self.admitted.route.idle_timeout();
        self.idle_timeout.renew_with(idle_timeout);
        loop {
            let event =
                poll_fn(|context| self.poll(context, upstream, request_body, &mut received)).await;
            let unsent = !request_body.has_ended();
            let response = match event {
                Event::Data(0) if received.is_empty() => return Err(Fault::Stale),
                Event::Data(0) => return Err(self.broken("its head breaks off")),
                Event::Data(_) => {
                    upstream.mark_responded();
                    self.parse(&mut received, unsent).await?
                }
                Event::Head(head) => self.take_head(*head, upstream, unsent).await?,
                Event::Failed(failure) => return Err(Fault::Failed(failure)),
                Event::Disconnected => return Err(Fault::Disconnected),
                Event::Refused(response) => return Err(response().into()),
                Event::TimedOut => {
                    upstream.retire();
                    self.log_fault("none in time");
                    return Err(LocalResponse::upstream_slow().into());
                }
            };
            if let Some(response) = response {
                // The timeout began with this request and was not renewed since.
                self.admitted.exchange.upstream_time = Some(self.idle_timeout.elapsed());
                return Ok(response);
            }
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        upstream: &mut Upstream,
        request_body: &mut RequestBody,
        received: &mut BytesMut,
    ) -> Poll<Event> {
        let (client, exchange) = (&mut *self.client, &mut self.admitted.exchange);
        let sending = request_body.poll(context, client, upstream, exchange);
        if let Poll::Ready(Err(event)) = sending {
            return Poll::Ready(event);
        }
        if let Poll::Ready(event) = upstream.poll_response(context, received, self.first_piece()) {
            return Poll::Ready(event);
        }
        if request_body.has_ended() && self.client.poll_disconnected(context).is_ready() {
            return Poll::Ready(Event::Disconnected);
        }
        upstream.poll_starving(context);
        self.idle_timeout.poll(context).map(|()| Event::TimedOut)
    }

    /// Parses the received heads; forwards interim responses and returns the final one.
    async fn parse(
        &mut self,
        received: &mut BytesMut,
        unsent: bool,
    ) -> Result<Option<Response<C::ResponseHead>>, Fault> {
        loop {
            let parsed = Response::parse::<C>(received, &self.context(unsent), &self.admitted);
            let Some(response) = parsed.map_err(|why| self.broken(why))? else {
                return Ok(None);
            };
            if response.is_final() {
                return Ok(Some(response));
            }
            self.send_interim(response).await?;
        }
    }

    /// Takes a head of HTTP/2; forwards an interim response and returns the final one.
    async fn take_head(
        &mut self,
        head: Http2Answer,
        upstream: &mut Upstream,
        unsent: bool,
    ) -> Result<Option<Response<C::ResponseHead>>, Fault> {
        let (head, has_ended) = match head {
            Http2Answer::Interim(head) => (head, false),
            Http2Answer::Final(head) => (head, upstream.take_end().is_some()),
        };
        let request = self.context(unsent);
        let response = Response::from_http2::<C>(&head, has_ended, &request, &self.admitted);
        let response = response.map_err(|why| self.broken(why))?;
        if response.is_final() {
            return Ok(Some(response));
        }
        self.send_interim(response).await?;
        Ok(None)
    }

    fn context(&self, unsent: bool) -> RequestContext<'_> {
        RequestContext {
            method: &self.method,
            is_upgrade: self.is_upgrade,
            closes: self.closes || unsent || self.proxy.drain.has_begun(),
            takes_trailers: self.takes_trailers,
        }
    }

    /// Forwards an interim response, except to HTTP/1.0 (RFC 9110, section 15.2).
    async fn send_interim(&mut self, response: Response<C::ResponseHead>) -> Result<(), Fault> {
        if self.admitted.exchange.logged.version == Version::HTTP_10 {
            return Ok(());
        }
        let sent = self.client.send_interim(response.head).await;
        sent.map_err(|_| Fault::Disconnected)
    }

    /// Bytes received at a time before the head of the response.
    fn first_piece(&self) -> usize {
        match self.admitted.exchange.connection.memory.is_tight() {
            true => SMALL_PIECE,
            false => PIECE,
        }
    }
}

//! The request on its way to the upstream, until the final response begins.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::BytesMut;
use http::Version;

use super::{
    super::{
        client::Client,
        event::{Event, PIECE, SMALL_PIECE},
        framing::Framing,
        request_body::RequestBody,
        request_head::RequestHead,
        response::Response,
        response_head::Asked,
        upstream::Upstream,
    },
    Fault, Forward, respond,
};
use crate::{
    http::response::{failure, statuses},
    upstream::{Http2Answer, Reuse},
};

impl<C: Client> Forward<'_, C> {
    /// Connects to a server, unless the client leaves meanwhile.
    pub(super) async fn connect(
        &mut self,
        head: &RequestHead,
        framing: Framing,
        reuse: Reuse,
    ) -> Result<Upstream, Fault> {
        let route = &mut self.admitted.route;
        let client = &mut self.client;
        let gone = poll_fn(|context| match client.has_sent() {
            true => client.poll_gone(context),
            false => Poll::Pending,
        });
        let connected = Upstream::connect(&self.proxy.connector, route, head, framing, reuse);
        tokio::select! {
            biased;
            connected = connected => connected.map_err(|why| respond(failure::unreachable(why))),
            () = gone => Err(Fault::Gone),
        }
    }

    /// Sends the request and reads answers to the final one.
    pub(super) async fn ask(
        &mut self,
        upstream: &mut Upstream,
        request_body: &mut RequestBody,
    ) -> Result<Response<C::ResponseHead>, Fault> {
        let mut heard = BytesMut::new();
        self.idle_timeout.renew();
        loop {
            let event =
                poll_fn(|context| self.poll(context, upstream, request_body, &mut heard)).await;
            let unsent = !request_body.has_ended();
            let response = match event {
                Event::Data(0) if heard.is_empty() => return Err(Fault::Stale),
                Event::Data(0) => return Err(self.broken("its head breaks off")),
                Event::Data(_) => {
                    upstream.answers();
                    self.heard(&mut heard, unsent).await?
                }
                Event::Head(head) => self.heard_head(*head, upstream, unsent).await?,
                Event::Failed(failure) => return Err(Fault::Failed(failure)),
                Event::Disconnected => return Err(Fault::Gone),
                Event::Refused(answer) => return Err(respond(answer())),
                Event::TimedOut => {
                    upstream.is_late();
                    self.log_response("none in time");
                    return Err(respond(statuses::hub_slow()));
                }
            };
            if let Some(response) = response {
                return Ok(response);
            }
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        upstream: &mut Upstream,
        request_body: &mut RequestBody,
        heard: &mut BytesMut,
    ) -> Poll<Event> {
        let (client, exchange) = (&mut self.client, &mut self.admitted.exchange);
        let sending = request_body.poll(context, client, upstream, exchange);
        if let Poll::Ready(Err(event)) = sending {
            return Poll::Ready(event);
        }
        if let Poll::Ready(event) = upstream.poll_answer(context, heard, self.first_piece()) {
            return Poll::Ready(event);
        }
        if request_body.has_ended() && self.client.poll_gone(context).is_ready() {
            return Poll::Ready(Event::Disconnected);
        }
        upstream.poll_starving(context);
        self.idle_timeout.poll(context).map(|()| Event::TimedOut)
    }

    /// Reads what was heard: interim answers go on at once, the final one ends it.
    async fn heard(
        &mut self,
        heard: &mut BytesMut,
        unsent: bool,
    ) -> Result<Option<Response<C::ResponseHead>>, Fault> {
        loop {
            let read = Response::read::<C>(heard, &self.asked(unsent), &self.admitted);
            let Some(response) = read.map_err(|why| self.broken(why))? else {
                return Ok(None);
            };
            if response.is_final() {
                return Ok(Some(response));
            }
            self.hint(response).await?;
        }
    }

    /// The same for a head of HTTP/2.
    async fn heard_head(
        &mut self,
        head: Http2Answer,
        upstream: &mut Upstream,
        unsent: bool,
    ) -> Result<Option<Response<C::ResponseHead>>, Fault> {
        let (head, has_ended) = match head {
            Http2Answer::Interim(head) => (head, false),
            Http2Answer::Final(head) => (head, upstream.take_end().is_some()),
        };
        let asked = self.asked(unsent);
        let response = Response::of_http2::<C>(&head, has_ended, &asked, &self.admitted);
        let response = response.map_err(|why| self.broken(why))?;
        if response.is_final() {
            return Ok(Some(response));
        }
        self.hint(response).await?;
        Ok(None)
    }

    fn asked(&self, unsent: bool) -> Asked<'_> {
        Asked {
            method: &self.method,
            is_upgrade: self.is_upgrade,
            last: self.last || unsent || self.proxy.drain.has_begun(),
            takes_trailers: self.takes_trailers,
        }
    }

    /// Sends an interim answer on; HTTP/1.0 knows none (RFC 9110, section 15.2).
    async fn hint(&mut self, response: Response<C::ResponseHead>) -> Result<(), Fault> {
        if self.admitted.exchange.logged.version == Version::HTTP_10 {
            return Ok(());
        }
        let sent = self.client.hint(response.head).await;
        sent.map_err(|_| Fault::Gone)
    }

    /// Received at a time before the answer's head is there.
    fn first_piece(&self) -> usize {
        match self.admitted.exchange.connection.memory.is_tight() {
            true => SMALL_PIECE,
            false => PIECE,
        }
    }
}

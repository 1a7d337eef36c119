//! An admitted request on its way to a server and its response back, from buffer to socket.
//!
//! The gate has decided before; `headers` says what of a head is dropped and set.

mod ask;
mod relay;

use bytes::BytesMut;
use http::Method;

use super::{
    client::Client, event::Failure, framing::Framing, idle_timeout::IdleTimeout,
    request_body::RequestBody, request_head::RequestHead, response::Response, upstream::Upstream,
};
use crate::{
    http::{
        admission::Admitted,
        proxy::Proxy,
        response::{local_response::LocalResponse, statuses},
    },
    upstream::{Reuse, UpstreamConnection},
};

/// A request on its way.
pub(crate) struct Forward<'p, C> {
    proxy: &'p Proxy,
    client: C,
    admitted: Box<Admitted>,
    method: Method,
    /// Whether the client wants the answer to be the last of its connection.
    last: bool,
    /// Whether the request opens a WebSocket.
    is_upgrade: bool,
    /// Whether the client takes trailers in its chunks, as far as the server is told.
    takes_trailers: bool,
    /// The request, as far as the server has not got it.
    request_body: Option<RequestBody>,
    idle_timeout: IdleTimeout,
}

/// What became of a request.
pub(crate) enum Outcome<A> {
    /// The answer went whole.
    Whole {
        /// It was the last of its connection.
        last: bool,
        /// Some of the request was not read.
        unread: bool,
    },
    /// There is none; the client is told this.
    Respond(Box<LocalResponse>),
    /// The answer was cut short, or nobody was there to hear it.
    Cut,
    /// The server switches to the WebSocket protocol.
    Switched(Box<Switched<A>>),
}

/// A 101 and the connection that it came on (RFC 9110, section 15.2.2).
pub(crate) struct Switched<A> {
    /// The connection.
    pub(crate) upstream: UpstreamConnection,
    /// The head of the 101.
    pub(crate) head: A,
    /// Bytes of the WebSocket that came with it.
    pub(crate) early: BytesMut,
}

/// Why there is no answer of the hub's.
enum Fault {
    /// The connection had ended before the hub could hear of the request.
    Stale,
    /// The stream of HTTP/2 ended before a response.
    Failed(Failure),
    /// Nobody is there to be answered.
    Gone,
    /// What the client is told.
    Respond(Box<LocalResponse>),
}

impl<'p, C: Client> Forward<'p, C> {
    /// An admitted request; `last` says that the client wants no other after it.
    pub(crate) fn new(
        proxy: &'p Proxy,
        client: C,
        admitted: Box<Admitted>,
        method: Method,
        last: bool,
    ) -> Self {
        Self {
            idle_timeout: IdleTimeout::of(admitted.route.silence()),
            request_body: None,
            proxy,
            client,
            admitted,
            method,
            last,
            is_upgrade: false,
            takes_trailers: false,
        }
    }

    /// The same for a request that opens a WebSocket: on a connection of its own, and the last of
    /// the client's unless the server switches.
    pub(crate) fn upgrading(mut self) -> Self {
        self.is_upgrade = true;
        self.last = true;
        self
    }

    /// Brings the request to the hub and its answer back, and writes the log line unless the
    /// client is still to be answered.
    pub(crate) async fn run(
        mut self,
        head: &RequestHead,
        framing: Framing,
    ) -> (C, Box<Admitted>, Outcome<C::ResponseHead>) {
        let ended = self.admitted.grant.ended();
        let answered = tokio::select! {
            biased;
            () = ended => Err(Fault::Gone),
            answered = self.answered(head, framing) => answered,
        };
        let outcome = match answered {
            Ok((Upstream::Http1(upstream), response)) if response.switches() => {
                Outcome::switched(upstream, response)
            }
            Ok((upstream, response)) => self.relay(upstream, response).await,
            Err(Fault::Respond(answer)) => Outcome::Respond(answer),
            Err(Fault::Gone | Fault::Stale | Fault::Failed(_)) => {
                self.record(499, 0);
                Outcome::Cut
            }
        };
        (self.client, self.admitted, outcome)
    }

    fn record(&mut self, status: u16, sent: u64) {
        let admitted = &mut self.admitted;
        admitted.exchange.answered = Some((status, sent));
        self.proxy
            .log_request(&admitted.exchange, Some(&admitted.admission));
    }

    /// The hub's answer. A request that it has not processed is sent once more: over HTTP/1.1 where
    /// its connection had ended before and that changes nothing, over HTTP/2 where the hub says so.
    async fn answered(
        &mut self,
        head: &RequestHead,
        framing: Framing,
    ) -> Result<(Upstream, Response<C::ResponseHead>), Fault> {
        let (wire, framing) = match head {
            RequestHead::Http1(wire) => (&wire[..], framing),
            RequestHead::Http2(_) => (&[][..], framing.of_http2()),
        };
        self.takes_trailers = head.takes_trailers();
        let again = framing == Framing::Nothing && self.method.is_idempotent();
        let mut reuse = match again {
            _ if self.is_upgrade => Reuse::Never,
            true => Reuse::Any,
            false => Reuse::Recent,
        };
        let mut is_first = true;
        let mut request_body = RequestBody::new(wire, framing, &self.admitted.exchange);
        if head.is_grpc() {
            request_body = request_body.streaming(self.admitted.route.silence());
        }
        loop {
            let mut upstream = self.connect(head, framing, reuse).await?;
            match self.ask(&mut upstream, &mut request_body).await {
                Err(Fault::Stale) if upstream.is_reused() && again => {
                    reuse = Reuse::Never;
                    request_body = RequestBody::new(wire, framing, &self.admitted.exchange);
                }
                Err(Fault::Stale) => return Err(self.broken("its connection ends before it")),
                Err(Fault::Failed(failure))
                    if is_first && failure.may_resend(again) && request_body.rewind() => {}
                Err(Fault::Failed(failure)) => {
                    return Err(self.broken(&format!("its stream ends before it: {failure}")));
                }
                answered => {
                    let response = answered?;
                    request_body.forget();
                    let unsent = !request_body.has_ended();
                    self.request_body = unsent.then_some(request_body);
                    return Ok((upstream, response));
                }
            }
            is_first = false;
        }
    }

    /// Logs a fault of the upstream's response.
    fn log_response(&self, why: &str) {
        let path = self.admitted.exchange.logged.path();
        self.admitted.route.log_answer(path, why);
    }

    fn broken(&self, why: &str) -> Fault {
        self.log_response(why);
        respond(statuses::hub_broken())
    }
}

impl<A> Outcome<A> {
    fn switched(upstream: UpstreamConnection, response: Response<A>) -> Self {
        Self::Switched(Box::new(Switched {
            upstream,
            head: response.head,
            early: response.first,
        }))
    }
}

fn respond(answer: LocalResponse) -> Fault {
    Fault::Respond(Box::new(answer))
}

//! Forwards an admitted request to a server of its upstream, and the response to the client.
//!
//! `send` sends the request and awaits the head of the response, `relay` forwards its content.

mod relay;
mod send;

use bytes::BytesMut;
use http::Method;

use super::{
    client::Client, event::Failure, framing::Framing, request_body::RequestBody,
    request_head::RequestHead, response::Response, upstream::Upstream,
};
use crate::{
    http::{
        access_entry::Logged, admission::Admitted, proxy::Proxy, request::SentResponse,
        response::local_response::LocalResponse,
    },
    transport::idle_timeout::IdleTimeout,
    upstream::{Reuse, UpstreamConnection},
};

/// A request while it is forwarded.
pub(crate) struct Forward<'c, C> {
    proxy: &'c Proxy,
    client: &'c mut C,
    idle_timeout: &'c mut IdleTimeout,
    admitted: Box<Admitted>,
    method: Method,
    /// Set when the client's connection closes after the response.
    closes: bool,
    /// Set when the request opens a WebSocket.
    is_upgrade: bool,
    /// Set when the upstream gets `TE: trailers`.
    takes_trailers: bool,
    /// The part of the request that is not sent yet.
    request_body: Option<RequestBody>,
}

/// The outcome of a forwarded request.
pub(crate) enum Outcome<H> {
    /// The client got the response whole.
    Whole {
        /// Set when the client's connection closes after the response.
        closes: bool,
        /// Set when content of the request was not read.
        unread: bool,
    },
    /// The upstream sent no response; the client gets this one.
    Respond(Box<LocalResponse>),
    /// The client gets no complete response, such as after it disconnected or its grant ended.
    Cut,
    /// The upstream switches to WebSocket.
    Switched(Box<Switched<H>>),
}

/// A 101 and the upstream connection that it switches (RFC 9110, section 15.2.2).
pub(crate) struct Switched<H> {
    /// The upstream connection.
    pub(crate) upstream: UpstreamConnection,
    /// The head of the 101.
    pub(crate) head: H,
    /// Bytes of the WebSocket that were received with the head.
    pub(crate) early: BytesMut,
}

/// The reason for which the upstream has sent no response.
enum Fault {
    /// The upstream connection closed before the first byte of a response.
    Stale,
    /// The HTTP/2 stream ended before a response.
    Failed(Failure),
    /// The client has disconnected, or its grant has ended.
    Disconnected,
    /// Any other cause, with the response for the client.
    Respond(Box<LocalResponse>),
}

impl<'c, C: Client> Forward<'c, C> {
    /// Takes an admitted request; `closes` is set if the client wants its connection to close.
    pub(crate) fn new(
        proxy: &'c Proxy,
        (client, idle_timeout): (&'c mut C, &'c mut IdleTimeout),
        admitted: Box<Admitted>,
        method: Method,
        closes: bool,
    ) -> Self {
        Self {
            request_body: None,
            proxy,
            client,
            idle_timeout,
            admitted,
            method,
            closes,
            is_upgrade: false,
            takes_trailers: false,
        }
    }

    /// Marks a request that opens a WebSocket. It gets a new upstream connection, and the client's
    /// connection closes after the response unless the upstream switches.
    pub(crate) fn upgrading(mut self) -> Self {
        self.is_upgrade = true;
        self.closes = true;
        self
    }

    /// Forwards the request and its response. Logs the request, unless a local response or a
    /// tunnel follows.
    pub(crate) async fn run(
        mut self,
        head: &RequestHead,
        framing: Framing,
    ) -> (Box<Admitted>, Outcome<C::ResponseHead>) {
        let ended = self.admitted.grant.ended();
        let response = tokio::select! {
            biased;
            () = ended => Err(Fault::Disconnected),
            response = self.response(head, framing) => response,
        };
        let outcome = match response {
            Ok((Upstream::Http1(upstream), response)) if response.switches() => {
                Outcome::switched(upstream, response)
            }
            Ok((upstream, response)) => self.relay(upstream, response).await,
            Err(Fault::Respond(response)) => Outcome::Respond(response),
            Err(Fault::Disconnected | Fault::Stale | Fault::Failed(_)) => {
                self.log(499, 0);
                Outcome::Cut
            }
        };
        (self.admitted, outcome)
    }

    fn log(&mut self, status: u16, bytes: u64) {
        let admitted = &mut self.admitted;
        admitted.exchange.response = Some(SentResponse { status, bytes });
        self.proxy.log_request(&Logged::forwarded(admitted));
    }

    /// Sends the request and returns the final response.
    ///
    /// Sends an idempotent request without content once more if a reused HTTP/1.1 connection or an
    /// HTTP/2 connection ends before the response. Sends any request once more if the upstream
    /// reports over HTTP/2 that it was not processed, and its content is still stored.
    async fn response(
        &mut self,
        head: &RequestHead,
        framing: Framing,
    ) -> Result<(Upstream, Response<C::ResponseHead>), Fault> {
        let (wire, framing) = match head {
            RequestHead::Http1(wire) => (&wire[..], framing),
            RequestHead::Http2(_) => (&[][..], framing.for_http2()),
        };
        self.takes_trailers = head.takes_trailers();
        let is_repeatable = framing == Framing::Nothing && self.method.is_idempotent();
        let mut reuse = match is_repeatable {
            _ if self.is_upgrade => Reuse::Never,
            true => Reuse::Any,
            false => Reuse::Recent,
        };
        let mut is_first = true;
        let mut request_body = RequestBody::new(wire, framing, &self.admitted.exchange);
        if head.is_grpc() {
            request_body = request_body.streaming(self.admitted.route.idle_timeout());
        }
        loop {
            let mut upstream = self.connect(head, framing, reuse).await?;
            match self.send(&mut upstream, &mut request_body).await {
                Err(Fault::Stale) if upstream.is_reused() && is_repeatable => {
                    reuse = Reuse::Never;
                    request_body = RequestBody::new(wire, framing, &self.admitted.exchange);
                }
                Err(Fault::Stale) => return Err(self.broken("its connection closed before it")),
                Err(Fault::Failed(failure))
                    if is_first && failure.may_resend(is_repeatable) && request_body.rewind() => {}
                Err(Fault::Failed(failure)) => {
                    return Err(self.broken(&format!("its stream ends before it: {failure}")));
                }
                response => {
                    let response = response?;
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
    fn log_fault(&self, why: &str) {
        let path = self.admitted.exchange.logged.path();
        self.admitted.route.log_response(path, why);
    }

    fn broken(&self, why: &str) -> Fault {
        self.log_fault(why);
        LocalResponse::upstream_broken().into()
    }
}

impl<H> Outcome<H> {
    fn switched(upstream: UpstreamConnection, response: Response<H>) -> Self {
        Self::Switched(Box::new(Switched {
            upstream,
            head: response.head,
            early: response.first,
        }))
    }
}

impl From<LocalResponse> for Fault {
    fn from(response: LocalResponse) -> Self {
        Self::Respond(Box::new(response))
    }
}

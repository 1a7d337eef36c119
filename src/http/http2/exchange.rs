//! One HTTP/2 stream: its request passes the gate, then is forwarded or responded to locally.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Version, request::Parts};
use tokio::time::timeout;

use super::stream::Stream;
use crate::{
    authority::SentAuthority,
    fields::{FieldName, Fields},
    http::{
        admission::{self, Admitted},
        forward::{
            client::Client,
            exchange::{Forward, Outcome},
            framing::Framing,
            headers::HeaderEdits,
            request_head::{RequestHead, RequestLine},
        },
        http1::request_head::{Body, Malformed},
        proxy::Proxy,
        request::{Exchange, Request},
        response::{local_response::LocalResponse, respond::Respond},
    },
    transport::{
        connection_info::ConnectionInfo, idle_timeout::IdleTimeout, memory_budget::Charge,
    },
};

/// Time that a client has to take the content of a local response.
const LOCAL: Duration = Duration::from_secs(5);

/// A stream with the head of its request.
pub(super) struct Opened {
    pub(super) head: Parts,
    pub(super) stream: Stream,
    pub(super) connection: Arc<ConnectionInfo>,
    /// The charge for the memory of the head.
    pub(super) held: Charge,
    pub(super) malformed: Option<Malformed>,
}

/// Bytes that a stream occupies beside its head: log line and state of `h2`.
pub(super) const STREAM: usize = 512;

/// An admitted request, with its head for the upstream.
struct Forwarded {
    admitted: Box<Admitted>,
    head: RequestHead,
    framing: Framing,
}

/// A local response after its head was sent. A stream that waits for a flow-control window
/// occupies no more memory than this.
struct StartedResponse {
    connection: Arc<ConnectionInfo>,
    ends_connection: bool,
    /// The content; none where the client has reset the stream.
    body: Option<Bytes>,
}

impl Opened {
    /// Serves the request. Each step is a future on the heap, freed at its end, so that a waiting
    /// stream occupies little memory.
    pub(super) async fn serve(mut self: Box<Self>, proxy: &Proxy) {
        let form = match self.has_form(proxy) {
            true => Box::pin(self.form(proxy)).await,
            false => Vec::new(),
        };
        let Err((mut opened, respond)) = Box::pin(self.pass_gate_and_forward(proxy, form)).await
        else {
            return;
        };
        drop(opened.head);
        opened.held.resize(STREAM);
        let started = StartedResponse::new(&mut opened.stream, proxy, respond);
        Box::pin(started.finish(&mut opened.stream)).await;
    }

    /// Forwards the request if the gate admits it.
    ///
    /// # Errors
    /// The local response of the gate.
    async fn pass_gate_and_forward(
        self: Box<Self>,
        proxy: &Proxy,
        form: Vec<u8>,
    ) -> Result<(), (Box<Self>, Box<Respond>)> {
        match self.pass_gate(proxy, form).await {
            Ok(forwarded) => {
                self.forward(proxy, forwarded).await;
                Ok(())
            }
            Err(respond) => Err((self, respond)),
        }
    }

    fn has_form(&self, proxy: &Proxy) -> bool {
        let (method, path) = (&self.head.method, self.head.uri.path());
        proxy.current_sites().uses_own_ca && admission::is_form(method, path)
    }

    /// Receives the form posted to an enrolment page; empty if it is too large, or does not arrive
    /// within `limits.header_time`.
    async fn form(&mut self, proxy: &Proxy) -> Vec<u8> {
        let header_time = proxy.current_sites().config.limits.header_time;
        let read = timeout(header_time, self.stream.form()).await;
        read.unwrap_or_default()
    }

    async fn pass_gate(&self, proxy: &Proxy, form: Vec<u8>) -> Result<Forwarded, Box<Respond>> {
        let fields = Fields::from(&self.head.headers);
        let authority = self.authority(&fields);
        let request = self.request(&fields, authority.as_ref());
        let mut exchange = Exchange::new(proxy.current_sites(), self.connection.clone(), &request);
        exchange.form = form;
        if let Some(why) = self.malformed {
            let respond = Respond::unjudged(exchange, LocalResponse::malformed(why));
            return Err(Box::new(respond));
        }
        let admitted = proxy.admit(exchange, &request, None).await;
        let admitted = admitted.map_err(|refused| Box::new(Respond::refused(*refused)))?;
        match self.upstream_head(&request, &admitted) {
            Some((head, framing)) => Ok(Forwarded {
                admitted,
                head,
                framing,
            }),
            None => {
                let response = LocalResponse::malformed(Malformed::UNFRAMED);
                Err(Box::new(Respond::admitted(*admitted, response)))
            }
        }
    }

    fn authority(&self, fields: &Fields<'_>) -> Option<Arc<SentAuthority>> {
        let host = || fields.text(FieldName::Host);
        let sent = self.named_authority().or_else(host)?;
        self.connection.authority.parse(sent)
    }

    /// The value of `:authority`.
    fn named_authority(&self) -> Option<&str> {
        let authority = self.head.uri.authority();
        authority.map(http::uri::Authority::as_str)
    }

    fn request<'r>(
        &'r self,
        fields: &'r Fields<'_>,
        authority: Option<&'r Arc<SentAuthority>>,
    ) -> Request<'r> {
        let target = self.head.uri.path_and_query();
        Request {
            method: &self.head.method,
            target: target.map_or("", |target| target.as_str()),
            version: self.head.version,
            fields,
            authority,
        }
    }

    /// Makes the upstream's head and framing; none where one of them cannot be sent.
    fn upstream_head(
        &self,
        request: &Request<'_>,
        admitted: &Admitted,
    ) -> Option<(RequestHead, Framing)> {
        let fields = request.fields;
        let body = Body::parse(fields, Version::HTTP_11).ok()?;
        let framing = match body {
            Body::Length(1..) => Framing::Length,
            Body::Length(_) if self.stream.has_sent() => Framing::Nothing,
            Body::Length(_) => Framing::Chunks,
            Body::Chunked => return None,
        };
        let mut edits = HeaderEdits::for_upstream(fields, admitted).ok()?;
        if let Some(host) = self.named_authority().filter(|_| !edits.sets("Host")) {
            edits.set("Host", host.as_bytes());
        }
        match framing {
            Framing::Nothing if !request.method.is_safe() => {
                edits.set("Content-Length", &b"0"[..]);
            }
            Framing::Chunks => edits.remove("Content-Length"),
            _ => {
                if let Some(length) = body.plain_length(fields) {
                    edits.set("Content-Length", length.into_bytes());
                }
            }
        }
        let line = RequestLine {
            method: request.method,
            target: request.target,
        };
        let http2 = admitted.route.upstream().speaks_http2();
        let head = RequestHead::build(line, fields, &edits, framing, http2).ok()?;
        Some((head, framing))
    }

    async fn forward(self: Box<Self>, proxy: &Proxy, forwarded: Forwarded) {
        let Self {
            head,
            mut stream,
            mut held,
            ..
        } = *self;
        let method = head.method.clone();
        drop(head);
        let Forwarded {
            admitted,
            head: upstream_head,
            framing,
        } = forwarded;
        held.resize(STREAM + upstream_head.bytes() + admitted.exchange.logged.bytes());
        let idle_timeout = &mut IdleTimeout::new(admitted.route.idle_timeout());
        let client = (&mut stream, idle_timeout);
        let forward = Forward::new(proxy, client, admitted, method, false);
        let (admitted, outcome) = forward.run(&upstream_head, framing).await;
        match outcome {
            Outcome::Respond(response) => {
                let respond = Box::new(Respond::admitted(*admitted, *response));
                let started = StartedResponse::new(&mut stream, proxy, respond);
                started.finish(&mut stream).await;
            }
            Outcome::Whole { .. } => stream.drop_body().await,
            // `h2` resets a stream dropped before its end, after the frames queued for it.
            Outcome::Cut | Outcome::Switched(_) => {}
        }
    }
}

impl StartedResponse {
    /// Logs a local response and sends its head.
    fn new(stream: &mut Stream, proxy: &Proxy, mut respond: Box<Respond>) -> Self {
        respond.log(proxy);
        let Respond {
            exchange, response, ..
        } = *respond;
        Self {
            connection: exchange.connection.clone(),
            ends_connection: response.ends_http2_connection(),
            body: stream
                .begin_response(response, exchange.logged.method == Method::HEAD)
                .ok(),
        }
    }

    /// Sends the content. If the client opens no window in time, the stream is reset and its
    /// connection ends.
    async fn finish(self, stream: &mut Stream) {
        if let Some(body) = self.body {
            match timeout(LOCAL, stream.send_body(body)).await {
                Ok(Ok(())) => Box::pin(stream.drop_body()).await,
                Ok(Err(_)) => {}
                Err(_) => self.connection.stall(),
            }
        }
        // After the response: some clients fail their open requests on GOAWAY.
        if self.ends_connection {
            self.connection.leave.raise();
        }
    }
}

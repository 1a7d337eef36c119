//! One HTTP/1 request, from its head to its response.
//!
//! After the gate's decision the request is forwarded, tunnelled as a WebSocket, or responded to
//! locally.

use bytes::BytesMut;
use http::{Method, StatusCode, Version};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{
    request_head::{Body, Head, Malformed},
    respond::{Connection, Persistence},
};
use crate::{
    http::{
        admission::{self, Admitted, MOST_FORM},
        forward::{
            exchange::{Forward, Outcome},
            framing::Framing,
            headers::HeaderEdits,
            request_head::{RequestHead, RequestLine, Unsendable},
        },
        request::Exchange,
        response::{local_response::LocalResponse, respond::Respond},
    },
    transport::{chunked::Chunks, client_stream::ReadLimit, idle_timeout::IdleTimeout},
};

const UNSENDABLE: Malformed = Malformed(
    StatusCode::BAD_REQUEST,
    "the target or a field cannot be sent to this hub over HTTP/2",
);

/// An admitted request for the upstream, which needs the client's bytes no longer.
pub(crate) struct UpstreamRequest {
    /// The head that the upstream gets.
    pub(crate) head: RequestHead,
    method: Method,
    body: Body,
    /// Set when the client wants the connection to close after the response.
    closes: bool,
    is_upgrade: bool,
}

impl Connection<'_> {
    /// Serves one request; returns whether another request may follow.
    pub(super) async fn exchange(
        &mut self,
        bytes: BytesMut,
        idle_timeout: &mut IdleTimeout,
    ) -> bool {
        let head = match Head::parse(&bytes, &self.client.connection().authority) {
            Ok(head) => head,
            Err(why) => {
                drop(bytes);
                return self.refuse(LocalResponse::malformed(why)).await;
            }
        };
        let connection = self.client.connection().clone();
        let held = connection.memory.charge(bytes.len() + head.fields.memory());
        let request = head.request();
        let mut exchange = Exchange::new(self.proxy.current_sites(), connection, &request);
        exchange.form = self.form(&head).await;
        let admitted = self.proxy.admit(exchange, &request, Some(head.body)).await;
        // The head's bytes are freed before the response, which may take long.
        match admitted {
            Ok(admitted) => {
                let request = UpstreamRequest::new(&head, &admitted);
                let persistence = Persistence::new(&head);
                drop((held, head));
                drop(bytes);
                let Ok(request) = request else {
                    let response = LocalResponse::malformed(UNSENDABLE);
                    let respond = Respond::admitted(*admitted, response);
                    return self.respond(respond, persistence).await;
                };
                self.forward(admitted, request, idle_timeout).await
            }
            Err(refused) => {
                let persistence = Persistence::new(&head);
                drop((held, head));
                drop(bytes);
                self.respond(Respond::refused(*refused), persistence).await
            }
        }
    }

    /// Returns a copy of a form posted to an enrolment page; empty if the form is too large, or
    /// does not arrive within `limits.header_time`.
    async fn form(&mut self, head: &Head<'_>) -> Vec<u8> {
        let Body::Length(body @ 1..) = head.body else {
            return Vec::new();
        };
        let sites = self.proxy.current_sites();
        if !sites.uses_own_ca {
            return Vec::new();
        }
        let whole = usize::try_from(body).unwrap_or(usize::MAX);
        if whole > MOST_FORM || !admission::is_form(&head.method, &head.target) {
            return Vec::new();
        }
        let client = &mut self.client;
        let received = async {
            while client.unread().len() < whole && matches!(client.receive().await, Ok(1..)) {}
        };
        timeout(sites.config.limits.header_time, received)
            .await
            .ok();
        let unread = self.client.unread();
        unread.get(..whole).unwrap_or_default().to_vec()
    }

    /// Forwards an admitted request; returns whether another request may follow.
    async fn forward(
        &mut self,
        admitted: Box<Admitted>,
        request: UpstreamRequest,
        idle_timeout: &mut IdleTimeout,
    ) -> bool {
        let proxy = self.proxy;
        self.client.limit_reads(match request.body {
            Body::Length(body) => ReadLimit::Bytes(body),
            Body::Chunked => ReadLimit::Chunked(Chunks::default()),
        });
        let memory = &admitted.exchange.connection.memory;
        let _held = memory.charge(request.head.bytes() + admitted.exchange.logged.bytes());
        let client = (&mut self.client, idle_timeout);
        let mut forward = Forward::new(proxy, client, admitted, request.method, request.closes);
        if request.is_upgrade {
            forward = forward.upgrading();
        }
        let framing = Framing::new(request.body);
        let (admitted, outcome) = forward.run(&request.head, framing).await;
        match outcome {
            Outcome::Whole { closes, unread } => self.end(closes, unread).await,
            Outcome::Respond(response) => {
                let respond = Respond::admitted(*admitted, *response);
                self.respond_last(respond).await
            }
            Outcome::Switched(switched) => {
                Box::pin(switched.tunnel(proxy, &mut self.client, admitted)).await;
                false
            }
            Outcome::Cut => false,
        }
    }

    /// Closes the connection after its last response; returns whether another request may follow.
    /// A connection with unread content is closed slowly, so that the client gets the response.
    async fn end(&mut self, closes: bool, unread: bool) -> bool {
        if unread {
            self.client.lingering_close().await;
        } else if closes {
            self.client.shutdown().await.ok();
        }
        !closes && !unread
    }
}

impl UpstreamRequest {
    /// Makes the upstream's request of an admitted one.
    ///
    /// # Errors
    /// A target or field that HTTP/2 cannot carry.
    pub(crate) fn new(head: &Head<'_>, admitted: &Admitted) -> Result<Self, Unsendable> {
        let is_upgrade = head.is_upgrade();
        Ok(Self {
            head: Self::head(head, admitted, is_upgrade)?,
            method: head.method.clone(),
            body: head.body,
            closes: !head.keeps_alive(),
            is_upgrade,
        })
    }

    fn head(
        head: &Head<'_>,
        admitted: &Admitted,
        is_upgrade: bool,
    ) -> Result<RequestHead, Unsendable> {
        let mut edits = HeaderEdits::for_upstream(&head.fields, admitted)?;
        if let Some(length) = head.plain_length() {
            edits.set("Content-Length", length.into_bytes());
        }
        // An expectation in an HTTP/1.0 request is ignored (RFC 9110, section 10.1.1).
        if head.version == Version::HTTP_10 {
            edits.remove("Expect");
        }
        if is_upgrade {
            edits.upgrade();
        }
        let line = RequestLine {
            method: &head.method,
            target: &head.target,
        };
        // A WebSocket occupies an HTTP/1.1 connection.
        let http2 = !is_upgrade && admitted.route.upstream().speaks_http2();
        RequestHead::build(line, &head.fields, &edits, Framing::new(head.body), http2)
    }
}

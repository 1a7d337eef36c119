//! HTTP/1 connections, one request after the other.
//!
//! Reads each head within its time, has it judged, and forwards the request,
//! hands it to the WebSocket tunnel, or answers it here.

use std::{future::poll_fn, io, task::Poll};

use bytes::Bytes;
use http::{Method, StatusCode, Version};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{
    request_head::{Body, Head, MOST_BYTES, Malformed},
    respond::{self, Requested},
};
use crate::{
    http::{
        admission::{self, Admitted, MOST_FORM},
        forward::{
            exchange::{Forward, Outcome},
            framing::Framing,
            headers,
            idle_timeout::IdleTimeout,
            request_head::{RequestHead, RequestLine, Unsendable},
        },
        proxy::Proxy,
        request::Exchange,
        response::{respond::Respond, statuses},
        websocket::{handshake, upgrade},
    },
    transport::{
        chunked::Chunks,
        client_stream::{ClientStream, ReadLimit},
        signal::Waiter,
    },
};

/// What came next on a connection.
enum Next {
    /// The bytes of a head.
    Head(Bytes),
    /// Something that is not HTTP.
    Malformed(Malformed),
    /// A head that took too long.
    Slow,
    /// The end.
    End,
}

/// An admitted request, without the bytes that the client sent.
struct Forwarded {
    /// Its head for the hub.
    head: RequestHead,
    method: Method,
    body: Body,
    /// Whether the client wants no other response on the connection.
    last: bool,
    is_upgrade: bool,
}

/// The wait of a connection for its next request.
struct Wait<'p> {
    proxy: &'p Proxy,
    closing: Waiter,
    idle_timeout: IdleTimeout,
}

/// Serves a connection to its end.
pub async fn serve(proxy: &Proxy, mut client: ClientStream) {
    let mut wait = Wait {
        proxy,
        closing: proxy.drain.closing.waiter(),
        idle_timeout: IdleTimeout::of(proxy.sites().config.limits.header_time),
    };
    loop {
        let exchanged = match wait.next(&mut client).await {
            // On the heap, so that a connection that waits for a request is small.
            Next::Head(head) => Box::pin(exchange(proxy, client, head)).await,
            Next::Malformed(why) => respond::refuse(proxy, client, statuses::malformed(why)).await,
            Next::Slow => respond::refuse(proxy, client, statuses::client_slow()).await,
            Next::End => None,
        };
        let Some(kept) = exchanged else { return };
        client = kept;
        let idle = proxy.sites().config.limits.idle;
        wait.idle_timeout.renew_with(idle);
    }
}

impl Wait<'_> {
    /// Waits for a request and reads its head, which mostly comes whole.
    async fn next(&mut self, client: &mut ClientStream) -> Next {
        client.limit_reads(ReadLimit::All);
        let mut looked = 0;
        if client.unread().is_empty() && !self.has_received(client).await {
            return Next::End;
        }
        match next_head(client, &mut looked) {
            Some(next) => next,
            None => self.rest(client, looked).await,
        }
    }

    /// Waits until something comes; false when the wait, the connection or the process ends.
    async fn has_received(&mut self, client: &mut ClientStream) -> bool {
        poll_fn(|context| {
            if let Poll::Ready(received) = client.poll_more(context) {
                return Poll::Ready(matches!(received, Ok(1..)));
            }
            let closing = self.closing.poll(context).is_ready();
            match closing || self.idle_timeout.poll(context).is_ready() {
                true => Poll::Ready(false),
                false => Poll::Pending,
            }
        })
        .await
    }

    /// Reads the rest of a head, within its time.
    async fn rest(&mut self, client: &mut ClientStream, looked: usize) -> Next {
        let limit = self.proxy.sites().config.limits.header_time;
        let head = tokio::select! {
            biased;
            head = timeout(limit, whole_head(client, looked)) => head,
            () = poll_fn(|context| self.closing.poll(context)) => return Next::End,
        };
        match head {
            Ok(Ok(next)) => next,
            Ok(Err(_)) => Next::End,
            Err(_) => Next::Slow,
        }
    }
}

async fn whole_head(client: &mut ClientStream, mut looked: usize) -> io::Result<Next> {
    loop {
        if client.receive().await? == 0 {
            return Ok(Next::End);
        }
        if looked <= 2 {
            looked = 0;
        }
        if let Some(next) = next_head(client, &mut looked) {
            return Ok(next);
        }
    }
}

/// The head in what was received, or what is wrong with it; none while it is not whole.
fn next_head(client: &mut ClientStream, looked: &mut usize) -> Option<Next> {
    if *looked == 0 {
        skip_empty_lines(client);
    }
    let Some(length) = Head::end(client.unread(), looked) else {
        let first = client.unread().first();
        if first.is_some_and(|byte| !is_head(*byte)) {
            return Some(Next::Malformed(NO_HTTP));
        }
        let is_too_large = client.unread().len() > MOST_BYTES;
        return is_too_large.then_some(Next::Malformed(TOO_LARGE));
    };
    match length > MOST_BYTES {
        true => Some(Next::Malformed(TOO_LARGE)),
        false => Some(Next::Head(client.take(length))),
    }
}

const NO_HTTP: Malformed = Malformed(StatusCode::BAD_REQUEST, "this is not HTTP");

/// Whether a head, or an empty line before it, may begin with this byte.
fn is_head(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b'\r'
}

const TOO_LARGE: Malformed = Malformed(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the head is larger than 64 KiB",
);

const UNSENDABLE: Malformed = Malformed(
    StatusCode::BAD_REQUEST,
    "the target or a field cannot be sent to this hub over HTTP/2",
);

/// Some old clients send empty lines after a body (RFC 9112, section 2.2).
fn skip_empty_lines(client: &mut ClientStream) {
    while client.unread().starts_with(b"\r\n") {
        client.consume(2);
    }
}

/// One request; the connection comes back when another may follow.
async fn exchange(proxy: &Proxy, mut client: ClientStream, bytes: Bytes) -> Option<ClientStream> {
    let head = match Head::parse(&bytes) {
        Ok(head) => head,
        Err(why) => {
            drop(bytes);
            return respond::refuse(proxy, client, statuses::malformed(why)).await;
        }
    };
    let held = client
        .connection()
        .memory
        .charge(bytes.len() + head.fields.memory());
    let request = head.request();
    let mut exchange = Exchange::new(proxy.sites_now(), client.connection().clone(), &request);
    exchange.form = form(proxy, &mut client, &head).await;
    let admitted = proxy.admit(exchange, &request, Some(head.body)).await;
    // What follows may take long, so the bytes of the head are not held meanwhile.
    match admitted {
        Ok(admitted) => {
            let forwarded = Forwarded::of(&head, &admitted);
            let requested = Requested::of(&head);
            drop((held, head));
            drop(bytes);
            let Ok(forwarded) = forwarded else {
                let response = statuses::malformed(UNSENDABLE);
                let respond = Respond::admitted(*admitted, response);
                return respond::respond(proxy, client, respond, requested).await;
            };
            forward(proxy, client, admitted, forwarded).await
        }
        Err(refused) => {
            let requested = Requested::of(&head);
            drop((held, head));
            drop(bytes);
            respond::respond(proxy, client, Respond::refused(*refused), requested).await
        }
    }
}

/// What is posted to a page of hubgate's own, left to be consumed with the request; nothing of
/// what is too large, or does not come in time.
async fn form(proxy: &Proxy, client: &mut ClientStream, head: &Head<'_>) -> Vec<u8> {
    let Body::Length(body @ 1..) = head.body else {
        return Vec::new();
    };
    let sites = proxy.sites_now();
    if !sites.has_own_clients {
        return Vec::new();
    }
    let whole = usize::try_from(body).unwrap_or(usize::MAX);
    if whole > MOST_FORM || !admission::is_form(&head.method, &head.target) {
        return Vec::new();
    }
    let received = async {
        while client.unread().len() < whole && matches!(client.receive().await, Ok(1..)) {}
    };
    timeout(sites.config.limits.header_time, received)
        .await
        .ok();
    let unread = client.unread();
    unread.get(..whole).unwrap_or_default().to_vec()
}

/// Forwards an admitted request; the connection comes back when another may follow.
async fn forward(
    proxy: &Proxy,
    mut client: ClientStream,
    admitted: Box<Admitted>,
    request: Forwarded,
) -> Option<ClientStream> {
    client.limit_reads(match request.body {
        Body::Length(body) => ReadLimit::Bytes(body),
        Body::Chunked => ReadLimit::Chunked(Chunks::default()),
    });
    let _held = client
        .connection()
        .memory
        .charge(request.head.bytes() + admitted.exchange.logged.bytes());
    let mut forward = Forward::new(proxy, client, admitted, request.method, request.last);
    if request.is_upgrade {
        forward = forward.upgrading();
    }
    let framing = Framing::of(request.body);
    let (client, admitted, outcome) = forward.run(&request.head, framing).await;
    match outcome {
        Outcome::Whole { last, unread } => end(client, last, unread).await,
        Outcome::Respond(response) => {
            let respond = Respond::admitted(*admitted, *response);
            respond::respond_last(proxy, client, respond).await
        }
        Outcome::Switched(switched) => {
            Box::pin(upgrade::tunnel(proxy, client, admitted, switched)).await;
            None
        }
        Outcome::Cut => None,
    }
}

impl Forwarded {
    fn of(head: &Head<'_>, admitted: &Admitted) -> Result<Self, Unsendable> {
        Ok(Self {
            head: to_hub(head, admitted)?,
            method: head.method.clone(),
            body: head.body,
            last: !respond::keeps_alive(head),
            is_upgrade: handshake::is_upgrade(head),
        })
    }
}

/// The head of a request for the hub.
pub(crate) fn to_hub(head: &Head<'_>, admitted: &Admitted) -> Result<RequestHead, Unsendable> {
    let mut edits = headers::to_hub(&head.fields, admitted)?;
    if let Some(length) = head.plain_length() {
        edits.set("Content-Length", length.into_bytes());
    }
    // HTTP/1.0 knows no 100 (RFC 9110, section 10.1.1).
    if head.version == Version::HTTP_10 {
        edits.remove("Expect");
    }
    let is_upgrade = handshake::is_upgrade(head);
    if is_upgrade {
        handshake::upgrade(&mut edits);
    }
    let line = RequestLine {
        method: &head.method,
        target: &head.target,
    };
    // WebSockets need a connection of their own, in HTTP/1.1.
    let http2 = !is_upgrade && admitted.route.upstream().speaks_http2();
    RequestHead::build(line, &head.fields, &edits, Framing::of(head.body), http2)
}

/// What becomes of a connection after an answer; one whose client is still sending is read on, so
/// that the answer is.
async fn end(mut client: ClientStream, last: bool, unread: bool) -> Option<ClientStream> {
    if unread {
        respond::linger(client).await;
        return None;
    }
    if last {
        client.shutdown().await.ok();
        return None;
    }
    Some(client)
}

//! HTTP/1 connections, one request after the other.
//!
//! Reads each head within its time, has it judged, and forwards the request,
//! hands it to the WebSocket tunnel, or answers it here.

use std::io;

use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, Version, header::InvalidHeaderValue};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{
    Proxy, Service,
    chunks::Chunks,
    conn::{Conn, Passing},
    direct::{self, Framing, Outcome, Passage},
    enrolment::{self, MOST_FORM},
    exchange::{Exchange, Request},
    head::{Body, Head, MOST_BYTES, Malformed},
    headers, page,
    reply::{self, Requested},
    websocket,
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
    head: BytesMut,
    method: Method,
    body: Body,
    /// Whether the client wants no other response on the connection.
    last: bool,
    is_upgrade: bool,
}

/// Serves a connection to its end.
pub async fn serve(service: &Service, mut conn: Conn) {
    let proxy = &service.proxy;
    let mut first = true;
    loop {
        let exchanged = match next(proxy, &mut conn, first).await {
            // On the heap, so that a connection that waits for a request is small.
            Next::Head(head) => Box::pin(exchange(service, conn, head)).await,
            Next::Malformed(why) => reply::refuse(proxy, conn, page::malformed(why)).await,
            Next::Slow => reply::refuse(proxy, conn, page::client_slow()).await,
            Next::End => None,
        };
        let Some(kept) = exchanged else { return };
        conn = kept;
        first = false;
    }
}

/// Waits for a request and reads its head.
async fn next(proxy: &Proxy, conn: &mut Conn, first: bool) -> Next {
    let limits = proxy.sites().config.limits;
    conn.pass(Passing::All);
    if conn.unread().is_empty() {
        let wait = if first {
            limits.header_time
        } else {
            limits.idle
        };
        let received = tokio::select! {
            received = timeout(wait, conn.receive()) => received,
            () = proxy.drain.closing.cancelled() => return Next::End,
        };
        if !matches!(received, Ok(Ok(1..))) {
            return Next::End;
        }
    }
    let head = tokio::select! {
        biased;
        head = timeout(limits.header_time, whole_head(conn)) => head,
        () = proxy.drain.closing.cancelled() => return Next::End,
    };
    match head {
        Ok(Ok(next)) => next,
        Ok(Err(_)) => Next::End,
        Err(_) => Next::Slow,
    }
}

async fn whole_head(conn: &mut Conn) -> io::Result<Next> {
    skip_empty_line(conn);
    let mut looked = 0;
    let length = loop {
        if let Some(length) = Head::end(conn.unread(), &mut looked) {
            break length;
        }
        if conn.unread().first().is_some_and(|byte| !is_head(*byte)) {
            return Ok(Next::Malformed(NO_HTTP));
        }
        if conn.unread().len() > MOST_BYTES {
            return Ok(Next::Malformed(TOO_LARGE));
        }
        if conn.receive().await? == 0 {
            return Ok(Next::End);
        }
        if looked <= 2 {
            looked = 0;
            skip_empty_line(conn);
        }
    };
    if length > MOST_BYTES {
        return Ok(Next::Malformed(TOO_LARGE));
    }
    Ok(Next::Head(conn.take(length)))
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

/// Some old clients send an empty line after a body (RFC 9112, section 2.2).
fn skip_empty_line(conn: &mut Conn) {
    if conn.unread().starts_with(b"\r\n") {
        conn.consume(2);
    }
}

/// One request; the connection comes back when another may follow.
async fn exchange(service: &Service, mut conn: Conn, bytes: Bytes) -> Option<Conn> {
    let proxy = &service.proxy;
    let head = match Head::parse(&bytes) {
        Ok(head) => head,
        Err(why) => {
            drop(bytes);
            return reply::refuse(proxy, conn, page::malformed(why)).await;
        }
    };
    let held = conn
        .link()
        .memory
        .charge(bytes.len() + head.fields.memory());
    let request = request(&head);
    let mut exchange = Box::new(Exchange::new(
        proxy.sites_now(),
        conn.link().clone(),
        &request,
    ));
    exchange.form = form(proxy, &mut conn, &head).await;
    let admitted = proxy.admit(&mut exchange, &request, Some(head.body)).await;
    // What follows may take long, so the bytes of the head are not held meanwhile.
    if let Err(answer) = admitted {
        let requested = Requested::of(&head);
        drop((held, head));
        drop(bytes);
        return reply::answer(proxy, conn, &mut exchange, requested, answer).await;
    }
    let forwarded = Forwarded::of(&head, &exchange).ok()?;
    drop((held, head));
    drop(bytes);
    forward(proxy, conn, exchange, forwarded).await
}

/// What is posted to a page of hubgate's own, left to be consumed with the request; nothing of
/// what is too large, or does not come in time.
async fn form(proxy: &Proxy, conn: &mut Conn, head: &Head<'_>) -> Vec<u8> {
    let Body::Length(body @ 1..) = head.body else {
        return Vec::new();
    };
    let sites = proxy.sites_now();
    if !sites.has_own_clients {
        return Vec::new();
    }
    let whole = usize::try_from(body).unwrap_or(usize::MAX);
    if whole > MOST_FORM || !enrolment::is_form(&head.method, &head.target) {
        return Vec::new();
    }
    let received =
        async { while conn.unread().len() < whole && matches!(conn.receive().await, Ok(1..)) {} };
    timeout(sites.config.limits.header_time, received)
        .await
        .ok();
    let unread = conn.unread();
    unread.get(..whole).unwrap_or_default().to_vec()
}

fn request<'r>(head: &'r Head<'_>) -> Request<'r> {
    Request {
        method: &head.method,
        target: &head.target,
        version: head.version,
        fields: &head.fields,
        authority: head.authority.clone(),
    }
}

/// Forwards an admitted request; the connection comes back when another may follow.
async fn forward(
    proxy: &Proxy,
    mut conn: Conn,
    exchange: Box<Exchange>,
    request: Forwarded,
) -> Option<Conn> {
    conn.pass(match request.body {
        Body::Length(body) => Passing::Bytes(body),
        Body::Chunked => Passing::Chunked(Chunks::default()),
    });
    let _held = conn
        .link()
        .memory
        .charge(request.head.len() + exchange.said.bytes());
    let mut passage = Passage::new(proxy, conn, exchange, request.method, request.last);
    if request.is_upgrade {
        passage = passage.upgrading();
    }
    let framing = Framing::of(request.body);
    let (conn, exchange, outcome) = passage.run(&request.head, framing).await;
    match outcome {
        Outcome::Whole { last, unread } => end(conn, last, unread).await,
        Outcome::Told(answer) => reply::end(proxy, conn, exchange, *answer).await,
        Outcome::Switched(switched) => {
            Box::pin(websocket::tunnel(proxy, conn, exchange, switched)).await;
            None
        }
        Outcome::Cut => None,
    }
}

impl Forwarded {
    fn of(head: &Head<'_>, exchange: &Exchange) -> Result<Self, InvalidHeaderValue> {
        Ok(Self {
            head: to_hub(head, exchange)?,
            method: head.method.clone(),
            body: head.body,
            last: !reply::keeps_alive(head),
            is_upgrade: websocket::is_upgrade(head),
        })
    }
}

/// The head of a request for the hub.
pub(super) fn to_hub(head: &Head<'_>, exchange: &Exchange) -> Result<BytesMut, InvalidHeaderValue> {
    let mut changes = headers::to_hub(&head.fields, exchange)?;
    if let Some(length) = head.plain_length() {
        changes.set("Content-Length", length.into_bytes());
    }
    // HTTP/1.0 knows no 100 (RFC 9110, section 10.1.1).
    if head.version == Version::HTTP_10 {
        changes.remove("Expect");
    }
    if websocket::is_upgrade(head) {
        websocket::upgrade(&mut changes);
    }
    let (fields, framing) = (&head.fields, Framing::of(head.body));
    Ok(direct::head(
        &head.method,
        &head.target,
        fields,
        &changes,
        &framing,
    ))
}

/// What becomes of a connection after an answer; one whose client is still sending is read on, so
/// that the answer is.
async fn end(mut conn: Conn, last: bool, unread: bool) -> Option<Conn> {
    if unread {
        reply::linger(conn).await;
        return None;
    }
    if last {
        conn.shutdown().await.ok();
        return None;
    }
    Some(conn)
}

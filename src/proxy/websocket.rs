//! The WebSocket tunnel (RFC 6455): two byte streams, joined after a 101.
//!
//! Frames pass untouched; only their boundaries are followed, to say goodbye
//! between two of them. The names of fields keep their spelling both ways.

use std::{future::poll_fn, io, pin::pin, sync::Arc, time::Duration};

use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode, Version, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{
    Proxy,
    answer::Answer,
    conn::{Conn, Passing},
    exchange::Exchange,
    failure,
    head::{self, Body, Head, MOST_BYTES},
    headers::{self, connection_has},
    page, reply,
    tunnel::Tunnel,
};
use crate::upstream::{Connection, Reuse, UpstreamStream};

/// How long the hub may take to answer the upgrade.
const ANSWER: Duration = Duration::from_secs(60);

/// What the log says of a client that was not answered.
const NO_ANSWER: u16 = 499;

/// Whether the request asks for a WebSocket, as RFC 6455, section 4.2.1 demands.
#[must_use]
pub(super) fn is_upgrade(head: &Head) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && head.body == Body::Length(0)
        && connection_has(&head.headers, "upgrade")
        && is_websocket(&head.headers)
        && head.headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let mut upgrades = headers.get_all(header::UPGRADE).iter();
    let first = upgrades.next();
    upgrades.next().is_none()
        && first.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Serves an admitted upgrade to its end; `fields` is its head as it was spelled.
pub(super) async fn tunnel(
    proxy: &Arc<Proxy>,
    mut conn: Conn,
    exchange: &mut Exchange,
    head: Head,
    fields: &[u8],
) {
    conn.pass(Passing::All);
    let ended = exchange.ended();
    let opened = tokio::select! {
        biased;
        () = ended => return exchange.answered = Some((NO_ANSWER, 0)),
        opened = open(proxy, exchange, &head, fields) => opened,
    };
    match opened {
        Ok((hub, answer, rest)) => run(proxy, conn, exchange, hub, answer, rest).await,
        Err(answer) => {
            let answer = exchange.cors.dress(answer);
            exchange.answered = Some((answer.status.as_u16(), answer.body.len() as u64));
            if conn.send(&answer.to_http1(None, true)).await.is_ok() {
                reply::linger(conn).await;
            }
        }
    }
}

/// What opening gave: the hub's stream, its answer, and bytes that came early.
type Opened = (Connection, Answered, BytesMut);

/// The hub's answer to the upgrade.
struct Answered {
    status: StatusCode,
    /// Its head for the client.
    head: BytesMut,
    /// How many bytes follow, when it says so.
    length: Option<u64>,
}

async fn open(
    proxy: &Proxy,
    exchange: &mut Exchange,
    head: &Head,
    fields: &[u8],
) -> Result<Opened, Answer> {
    let route = exchange.route.as_mut().ok_or_else(failure::internal)?;
    let connected = proxy.hubs.connect(route, Reuse::Never).await;
    let mut hub = connected.map_err(failure::unreachable)?;
    let request = upgrade_request(exchange, head, fields).map_err(|_| failure::internal())?;
    let exchanged = timeout(ANSWER, answered(&mut hub, &request)).await;
    let (head, rest) = match exchanged {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => return Err(page::hub_broken()),
        Err(_) => return Err(page::hub_slow()),
    };
    let answer =
        parse(&head).and_then(|(status, fields)| client_answer(exchange, status, &fields, &head));
    Ok((hub, answer.ok_or_else(page::hub_broken)?, rest))
}

/// The head of the hub's answer and what came with it.
async fn answered(hub: &mut Connection, request: &[u8]) -> io::Result<(BytesMut, BytesMut)> {
    let mut starvation = hub.take_starvation();
    let mut asking = pin!(ask(&mut hub.stream, request));
    let answered = poll_fn(|context| {
        if let Some(starvation) = &mut starvation {
            starvation.poll_never(context);
        }
        asking.as_mut().poll(context)
    });
    answered.await
}

/// The head of an upgrade for the hub; `fields` is that of the client as it was spelled.
pub(super) fn upgrade_request(
    exchange: &Exchange,
    head: &Head,
    fields: &[u8],
) -> Result<BytesMut, header::InvalidHeaderValue> {
    let changes = headers::to_hub(&head.headers, exchange)?;
    let mut wire = BytesMut::with_capacity(1024);
    wire.extend_from_slice(format!("GET {} HTTP/1.1\r\n", head.target).as_bytes());
    changes.write(head::spelled(fields), &mut wire);
    wire.extend_from_slice(UPGRADE);
    Ok(wire)
}

/// The last fields of a request or answer that changes the protocol.
const UPGRADE: &[u8] = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// Sends the request and reads the head of the answer and what came with it.
async fn ask(hub: &mut UpstreamStream, request: &[u8]) -> io::Result<(BytesMut, BytesMut)> {
    hub.write_all(request).await?;
    hub.flush().await?;
    let mut received = BytesMut::with_capacity(1024);
    let mut looked = 0;
    loop {
        if let Some(end) = Head::end(&received, &mut looked) {
            looked = 0;
            let head = received.split_to(end);
            let (status, _) = parse(&head).ok_or(io::ErrorKind::InvalidData)?;
            if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
                return Ok((head, received));
            }
            continue;
        }
        if received.len() > MOST_BYTES || hub.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

fn parse(head: &[u8]) -> Option<(StatusCode, HeaderMap)> {
    let mut space = [httparse::EMPTY_HEADER; head::MOST_FIELDS];
    let mut response = httparse::Response::new(&mut space);
    response.parse(head).ok()?.is_complete().then_some(())?;
    let status = StatusCode::from_u16(response.code?).ok()?;
    let mut fields = HeaderMap::new();
    for field in response.headers {
        let name = header::HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        fields.append(name, header::HeaderValue::from_bytes(field.value).ok()?);
    }
    Some((status, fields))
}

/// The hub's answer for the client: a 101 that is one, or any other with the connection's end;
/// `spelled` is its head as it came.
fn client_answer(
    exchange: &Exchange,
    status: StatusCode,
    fields: &HeaderMap,
    spelled: &[u8],
) -> Option<Answered> {
    let switched = status == StatusCode::SWITCHING_PROTOCOLS;
    if switched && !(is_websocket(fields) && fields.contains_key(header::SEC_WEBSOCKET_ACCEPT)) {
        return None;
    }
    let changes = headers::to_client(fields, status, exchange).ok()?;
    let mut head = BytesMut::with_capacity(512);
    let reason = status.canonical_reason().unwrap_or("");
    head.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).as_bytes());
    changes.write(head::spelled(spelled), &mut head);
    let end = if switched {
        UPGRADE
    } else {
        b"Connection: close\r\n\r\n"
    };
    head.extend_from_slice(end);
    let length = fields.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    Some(Answered {
        status,
        head,
        length,
    })
}

async fn run(
    proxy: &Proxy,
    mut conn: Conn,
    exchange: &mut Exchange,
    mut hub: Connection,
    answer: Answered,
    early: BytesMut,
) {
    if conn.send(&answer.head).await.is_err() {
        return;
    }
    let sent = if answer.status == StatusCode::SWITCHING_PROTOCOLS {
        let idle = exchange.sites.config.limits.stream_idle;
        let _open = proxy.counters.websockets_open.enter();
        let tunnel = Tunnel::new(conn, &mut hub.stream, &early);
        tunnel.run(idle, &proxy.drain.leaving).await
    } else {
        relay(conn, &mut hub.stream, &early, answer.length).await
    };
    exchange.answered = Some((answer.status.as_u16(), sent));
}

/// Passes the body of an answer that is no upgrade on, and not a byte the other way: what the
/// client sends now was judged by nobody.
async fn relay(mut conn: Conn, hub: &mut UpstreamStream, early: &[u8], length: Option<u64>) -> u64 {
    let mut body = early.chain(hub).take(length.unwrap_or(u64::MAX));
    let copied = timeout(ANSWER, tokio::io::copy(&mut body, &mut conn)).await;
    conn.shutdown().await.ok();
    copied.ok().and_then(Result::ok).unwrap_or(0)
}

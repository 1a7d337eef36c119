//! Local responses to an HTTP/1 connection, and its end or next request after them.

use std::time::Duration;

use http::{Method, Version};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::request_head::{Body, Head};
use crate::{
    fields::{FieldName, Fields},
    http::{
        proxy::Proxy,
        request::{Exchange, Request},
        response::local_response::LocalResponse,
    },
    transport::client_stream::ClientStream,
};

/// How much of an unwanted body is read so that the connection can go on.
const SMALL_BODY: u64 = 64 * 1024;
/// How long a client that is still sending may read its answer.
const LINGER: Duration = Duration::from_secs(5);

/// A request, as far as its local response depends on it.
pub(super) struct Requested {
    method: Method,
    body: Body,
    keeps_alive: bool,
    /// Whether it has an Expect field.
    expects: bool,
}

impl Requested {
    pub(super) fn of(head: &Head<'_>) -> Self {
        Self {
            method: head.method.clone(),
            body: head.body,
            keeps_alive: keeps_alive(head),
            expects: head.fields.has(FieldName::Expect),
        }
    }
}

/// Answers without the hub; goes on when what is left of the request is small.
pub(super) async fn answer(
    proxy: &Proxy,
    mut client: ClientStream,
    exchange: &mut Exchange,
    requested: Requested,
    answer: LocalResponse,
) -> Option<ClientStream> {
    let small = match requested.body {
        Body::Length(0) => true,
        // Who expects a 100 may send the body or not: only the end of the connection is clear.
        Body::Length(1..=SMALL_BODY) => !requested.expects,
        _ => false,
    };
    let answer = exchange.dress(answer);
    let method = &requested.method;
    let close = answer.close || !small || proxy.drain.has_begun() || !requested.keeps_alive;
    let wire = answer.to_http1(Some(method), close);
    exchange.answered = Some((answer.status.as_u16(), answer.sent_for(method)));
    proxy.record(exchange);
    exchange.logged.release();
    drop(answer);
    client.send(&wire).await.ok()?;
    if close {
        linger(client).await;
        return None;
    }
    let limit = exchange.sites.config.limits.header_time;
    timeout(limit, drain(client, requested.body))
        .await
        .ok()
        .flatten()
}

/// Answers what has gone to the hub already, and ends the connection.
pub(super) async fn end(
    proxy: &Proxy,
    mut client: ClientStream,
    mut exchange: Box<Exchange>,
    answer: LocalResponse,
) -> Option<ClientStream> {
    let method = exchange.logged.method.clone();
    let answer = exchange.dress(answer);
    exchange.answered = Some((answer.status.as_u16(), answer.sent_for(&method)));
    proxy.record(&exchange);
    let wire = answer.to_http1(Some(&method), true);
    client.send(&wire).await.ok()?;
    linger(client).await;
    None
}

/// Reads and drops the small body of a request that was answered already.
async fn drain(mut client: ClientStream, body: Body) -> Option<ClientStream> {
    let Body::Length(mut left) = body else {
        return None;
    };
    while left > 0 {
        if client.unread().is_empty() && client.receive().await.ok()? == 0 {
            return None;
        }
        let some = left.min(client.unread().len() as u64);
        client.consume(usize::try_from(some).ok()?);
        left -= some;
    }
    Some(client)
}

/// Answers what could not be read as a request.
pub(super) async fn refuse(
    proxy: &Proxy,
    mut client: ClientStream,
    answer: LocalResponse,
) -> Option<ClientStream> {
    let nothing = Request {
        method: &Method::GET,
        target: "-",
        version: Version::HTTP_11,
        fields: &Fields::default(),
        authority: None,
    };
    let mut exchange = Exchange::new(proxy.sites_now(), client.connection().clone(), &nothing);
    let answer = exchange.dress(answer);
    exchange.answered = Some((answer.status.as_u16(), answer.body.len() as u64));
    proxy.record(&exchange);
    client.send(&answer.to_http1(None, true)).await.ok()?;
    linger(client).await;
    None
}

/// Ends a connection so that the answer is read: a reset would overtake it.
pub(super) async fn linger(mut client: ClientStream) {
    if client.shutdown().await.is_err() {
        return;
    }
    let rest = async {
        while matches!(client.receive().await, Ok(1..)) {
            client.consume(client.unread().len());
        }
    };
    timeout(LINGER, rest).await.ok();
}

/// Whether the client expects the connection to go on (RFC 9112, section 9.3).
pub(super) fn keeps_alive(head: &Head<'_>) -> bool {
    let has = |wanted: &str| head.fields.connection_has(wanted);
    match head.version {
        Version::HTTP_10 => has("keep-alive"),
        _ => !has("close"),
    }
}

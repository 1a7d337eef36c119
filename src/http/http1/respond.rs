//! Local responses to an HTTP/1 connection, and its end or next request after them.

use std::{mem, time::Duration};

use bytes::BytesMut;

use http::{Method, Version};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::request_head::{Body, Head};
use crate::{
    fields::{FieldName, Fields},
    http::{
        proxy::Proxy,
        request::{Exchange, Request},
        response::{local_response::LocalResponse, respond::Respond},
    },
    transport::client_stream::ClientStream,
};

/// How much of an unwanted body is read so that the connection can go on.
const SMALL_BODY: u64 = 64 * 1024;
/// How long a client that is still sending may read its answer.
const LINGER: Duration = Duration::from_secs(5);

/// A request, as far as its local response depends on it.
pub(super) struct Requested {
    body: Body,
    keeps_alive: bool,
    /// Whether it has an Expect field.
    expects: bool,
}

impl Requested {
    pub(super) fn of(head: &Head<'_>) -> Self {
        Self {
            body: head.body,
            keeps_alive: keeps_alive(head),
            expects: head.fields.has(FieldName::Expect),
        }
    }

    /// Whether the connection can go on once what is left of the request is read.
    fn is_small(&self) -> bool {
        match self.body {
            Body::Length(0) => true,
            // A client that expects a 100 may send the body or not: only the end of the connection
            // is clear.
            Body::Length(1..=SMALL_BODY) => !self.expects,
            _ => false,
        }
    }
}

/// Sends a local response; the connection comes back when another request may follow.
pub(super) async fn respond(
    proxy: &Proxy,
    mut client: ClientStream,
    mut respond: Respond,
    requested: Requested,
) -> Option<ClientStream> {
    let goes_on = requested.keeps_alive && requested.is_small() && !proxy.drain.has_begun();
    if respond.response.close || !goes_on {
        return respond_last(proxy, client, respond).await;
    }
    let wire = write(proxy, &mut respond, false);
    let limit = respond.exchange.sites.config.limits.header_time;
    client.send(&wire).await.ok()?;
    timeout(limit, drain(client, requested.body))
        .await
        .ok()
        .flatten()
}

/// Sends a local response, and ends the connection.
pub(super) async fn respond_last(
    proxy: &Proxy,
    mut client: ClientStream,
    mut respond: Respond,
) -> Option<ClientStream> {
    let wire = write(proxy, &mut respond, true);
    client.send(&wire).await.ok()?;
    linger(client).await;
    None
}

/// Logs a local response, and frees it once it is written.
fn write(proxy: &Proxy, respond: &mut Respond, close: bool) -> BytesMut {
    respond.log(proxy);
    let response = mem::take(&mut respond.response);
    response.to_http1(&respond.exchange.logged.method, close)
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

/// Responds to what could not be read as a request.
pub(super) async fn refuse(
    proxy: &Proxy,
    client: ClientStream,
    response: LocalResponse,
) -> Option<ClientStream> {
    let nothing = Request {
        method: &Method::GET,
        target: "-",
        version: Version::HTTP_11,
        fields: &Fields::default(),
        authority: None,
    };
    let connection = client.connection().clone();
    let exchange = Exchange::new(proxy.sites_now(), connection, &nothing);
    respond_last(proxy, client, Respond::unjudged(exchange, response)).await
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

//! A request of hubgate itself to a server, for its health check.
//!
//! It has the same connector, trust, edits and head parser as a forwarded request.

use std::{future::poll_fn, task::Poll};

use bytes::{Buf, BytesMut};
use http::{Method, StatusCode};
use tokio::io::AsyncWriteExt;

use super::{
    event::{Event, PIECE},
    framing::Framing,
    headers::HeaderEdits,
    request_head::{RequestHead, RequestLine},
    response::{check_head, parse_head},
    response_head::{Parsed, ResponseHead},
    upstream::Upstream,
};
use crate::{
    fields::Fields,
    upstream::{Connector, Http2Answer, Route, UpstreamConnection},
};

/// A GET of hubgate itself.
pub(crate) struct OwnRequest<'r> {
    /// Path and query.
    pub(crate) target: &'r str,
    /// The Host, unless the upstream sets one.
    pub(crate) host: &'r str,
}

/// A result, or the fault of the server in words.
type Sent<T> = Result<T, String>;

const USER_AGENT: &str = concat!("hubgate/", env!("CARGO_PKG_VERSION"), " (health check)");

impl OwnRequest<'_> {
    /// Sends the request on a connection of its own, and returns the status of the response; none
    /// if all permitted connections are in use, or a client's request waits for this one.
    ///
    /// # Errors
    /// The fault of the server in words.
    pub(crate) async fn send(
        &self,
        connector: &Connector,
        route: &mut Route,
    ) -> Sent<Option<StatusCode>> {
        match self.head(route)? {
            RequestHead::Http1(wire) => {
                let connected = connector.connect_apart(route).await;
                let connected = connected.map_err(|_| fault(route))?;
                let Some(mut connection) = connected else {
                    return Ok(None);
                };
                let written = connection.stream.write_all(&wire).await;
                written.map_err(|_| "its connection closed before the request".to_owned())?;
                until_wanted(connection).await
            }
            RequestHead::Http2(request) => {
                let opened = connector.open_apart(route, &request).await;
                let stream = opened.map_err(|_| fault(route))?;
                status(&mut Upstream::Http2(Box::new(stream)))
                    .await
                    .map(Some)
            }
        }
    }

    fn head(&self, route: &Route) -> Sent<RequestHead> {
        let http2 = route.upstream().speaks_http2();
        let line = RequestLine {
            method: &Method::GET,
            target: self.target,
        };
        let mut fields = vec![
            ("Host", self.host),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
        ];
        if !http2 {
            fields.push(("Connection", "close"));
        }
        let fields: Fields<'_> = fields.into_iter().collect();
        let edits = HeaderEdits::for_own_request(route.edits());
        let head = RequestHead::build(line, &fields, &edits, Framing::Nothing, http2);
        head.map_err(|_| "HTTP/2 cannot carry the request".to_owned())
    }
}

/// Awaits the status, unless a client's request waits for the connection.
async fn until_wanted(connection: UpstreamConnection) -> Sent<Option<StatusCode>> {
    let wanted = connection.wanted();
    let mut upstream = Upstream::Http1(connection);
    tokio::select! {
        biased;
        status = status(&mut upstream) => status.map(Some),
        () = wanted => Ok(None),
    }
}

/// The failure that the route stores.
fn fault(route: &mut Route) -> String {
    let stored = route.take_fault();
    stored.unwrap_or_else(|| "cannot be reached".to_owned())
}

/// Awaits the final response and returns its status.
async fn status(upstream: &mut Upstream) -> Sent<StatusCode> {
    let mut received = BytesMut::new();
    loop {
        let event = poll_fn(|context| {
            if let Poll::Ready(event) = upstream.poll_response(context, &mut received, PIECE) {
                return Poll::Ready(event);
            }
            upstream.poll_starving(context);
            Poll::Pending
        });
        let status = match event.await {
            Event::Data(0) => return Err("its connection closed before its answer".to_owned()),
            Event::Data(_) => take_status(&mut received)?,
            Event::Head(answer) => head_status(&answer, upstream)?,
            Event::Failed(failure) => {
                return Err(format!("its stream ends before its answer: {failure}"));
            }
            Event::Disconnected | Event::TimedOut | Event::Refused(_) => None,
        };
        if let Some(status) = status {
            return Ok(status);
        }
    }
}

/// Takes the heads received; returns the status of the final one.
fn take_status(received: &mut BytesMut) -> Sent<Option<StatusCode>> {
    while let Some((status, length)) = parse_head(received, check).map_err(answer)? {
        if !status.is_informational() {
            return Ok(Some(status));
        }
        received.advance(length);
    }
    Ok(None)
}

/// A function, as a method of a type with a lifetime is not general enough for `parse_head`.
fn check(head: &ResponseHead<'_>) -> Parsed<StatusCode> {
    head.check()
}

fn head_status(head: &Http2Answer, upstream: &mut Upstream) -> Sent<Option<StatusCode>> {
    let (head, has_ended) = match head {
        Http2Answer::Interim(_) => return Ok(None),
        Http2Answer::Final(head) => (head, upstream.take_end().is_some()),
    };
    let status = check_head(head, has_ended).and_then(|head| head.check());
    status.map(Some).map_err(answer)
}

fn answer(why: &'static str) -> String {
    format!("its answer: {why}")
}

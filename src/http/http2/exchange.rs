//! One stream of HTTP/2: its request is judged, and then answered here or forwarded.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use tokio::time::timeout;

use super::stream::Stream;
use crate::{
    authority::Authority,
    fields::{FieldName, Fields, is_token},
    http::{
        admission::{self, Admitted},
        forward::{
            client::Client,
            exchange::{Forward, Outcome},
            framing::Framing,
            headers,
            request_head::{RequestHead, RequestLine},
        },
        http1::request_head::{self, Body, Malformed},
        proxy::Proxy,
        request::{Exchange, Request},
        response::{local_response::LocalResponse, respond::Respond, statuses},
    },
    transport::{connection_info::ConnectionInfo, memory_budget::Charge},
};

/// For a client to give a window for a local response.
const LOCAL: Duration = Duration::from_secs(5);

/// A stream that begins.
pub(super) struct Opened {
    pub(super) head: Parts,
    pub(super) stream: Stream,
    pub(super) connection: Arc<ConnectionInfo>,
    /// The memory that the head occupies.
    pub(super) held: Charge,
    pub(super) malformed: Option<Malformed>,
}

/// Bytes that a stream occupies beside its head: its line of the log, `h2`'s state.
pub(super) const STREAM: usize = 512;
/// An admitted request, with its head for the hub.
struct Forwarded {
    admitted: Box<Admitted>,
    to_hub: RequestHead,
    framing: Framing,
}

/// A local response whose head is sent: a stream that waits for a window holds no more.
struct Begun {
    connection: Arc<ConnectionInfo>,
    ends_connection: bool,
    /// None where the client left.
    body: Option<Bytes>,
}

impl Opened {
    /// One request. Each step is on the heap for as long as it takes: a stream that waits holds no
    /// more.
    pub(super) async fn serve(mut self: Box<Self>, proxy: &Proxy) {
        let form = match self.has_form(proxy) {
            true => Box::pin(form(&mut self.stream, proxy)).await,
            false => Vec::new(),
        };
        match Box::pin(self.judge(proxy, form)).await {
            Ok(forwarded) => Box::pin(self.forward(proxy, forwarded)).await,
            Err(respond) => {
                drop(self.head);
                self.held.resize(STREAM);
                let begun = begin(&mut self.stream, proxy, respond);
                Box::pin(finish(&mut self.stream, begun)).await;
            }
        }
    }

    fn has_form(&self, proxy: &Proxy) -> bool {
        let (method, path) = (&self.head.method, self.head.uri.path());
        proxy.sites_now().has_own_clients && admission::is_form(method, path)
    }

    async fn judge(&self, proxy: &Proxy, form: Vec<u8>) -> Result<Forwarded, Box<Respond>> {
        let fields = Fields::from(&self.head.headers);
        let authority = authority(&self.head, &fields);
        let request = request(&self.head, &fields, authority.as_ref());
        let mut exchange = Exchange::new(proxy.sites_now(), self.connection.clone(), &request);
        exchange.form = form;
        if let Some(why) = self.malformed {
            let respond = Respond::unjudged(exchange, statuses::malformed(why));
            return Err(Box::new(respond));
        }
        let admitted = proxy.admit(exchange, &request, None).await;
        let admitted = admitted.map_err(|refused| Box::new(Respond::refused(*refused)))?;
        match self.to_hub(&request, &admitted) {
            Some((to_hub, framing)) => Ok(Forwarded {
                admitted,
                to_hub,
                framing,
            }),
            None => {
                let response = statuses::malformed(request_head::UNFRAMED);
                Err(Box::new(Respond::admitted(*admitted, response)))
            }
        }
    }

    /// The head as the hub gets it, and the framing of the body; none where that is not one.
    fn to_hub(&self, request: &Request<'_>, admitted: &Admitted) -> Option<(RequestHead, Framing)> {
        let fields = request.fields;
        let body = request_head::framing(fields, Version::HTTP_11).ok()?;
        let framing = match body {
            Body::Length(1..) => Framing::Length,
            Body::Length(_) if self.stream.has_sent() => Framing::Nothing,
            Body::Length(_) => Framing::Chunks,
            Body::Chunked => return None,
        };
        let mut edits = headers::to_hub(fields, admitted).ok()?;
        if let Some(host) = named(&self.head.uri).filter(|_| !edits.sets("Host")) {
            edits.set("Host", host.as_bytes());
        }
        match framing {
            Framing::Nothing if !request.method.is_safe() => {
                edits.set("Content-Length", &b"0"[..]);
            }
            Framing::Chunks => edits.remove("Content-Length"),
            _ => {
                if let Some(length) = request_head::plain_length(fields, body) {
                    edits.set("Content-Length", length.into_bytes());
                }
            }
        }
        let line = RequestLine {
            method: request.method,
            target: request.target,
        };
        let http2 = admitted.route.upstream().speaks_http2();
        let to_hub = RequestHead::build(line, fields, &edits, framing, http2).ok()?;
        Some((to_hub, framing))
    }

    async fn forward(self: Box<Self>, proxy: &Proxy, forwarded: Forwarded) {
        let Self {
            head,
            stream,
            mut held,
            ..
        } = *self;
        let method = head.method.clone();
        drop(head);
        let Forwarded {
            admitted,
            to_hub,
            framing,
        } = forwarded;
        held.resize(STREAM + to_hub.bytes() + admitted.exchange.logged.bytes());
        let forward = Forward::new(proxy, stream, admitted, method, false);
        let (mut stream, admitted, outcome) = forward.run(&to_hub, framing).await;
        match outcome {
            Outcome::Respond(response) => {
                let respond = Box::new(Respond::admitted(*admitted, *response));
                let begun = begin(&mut stream, proxy, respond);
                finish(&mut stream, begun).await;
            }
            Outcome::Whole { .. } => stream.drop_body().await,
            // A stream that is dropped without its end is reset, after what was sent.
            Outcome::Cut | Outcome::Switched(_) => {}
        }
    }
}

/// The form posted to a page of hubgate's own; empty when it is too large or late.
async fn form(stream: &mut Stream, proxy: &Proxy) -> Vec<u8> {
    let header_time = proxy.sites_now().config.limits.header_time;
    let read = timeout(header_time, read_form(stream)).await;
    read.unwrap_or_default()
}

/// Logs a local response and sends its head.
fn begin(stream: &mut Stream, proxy: &Proxy, mut respond: Box<Respond>) -> Begun {
    respond.log(proxy);
    let Respond {
        exchange, response, ..
    } = *respond;
    Begun {
        connection: exchange.connection.clone(),
        ends_connection: ends_connection(&response),
        body: stream
            .begin_response(response, exchange.logged.method == Method::HEAD)
            .ok(),
    }
}

/// Sends the body of a local response. A client that gives no window is not waited for long: the
/// stream is reset, and its connection ends.
async fn finish(stream: &mut Stream, begun: Begun) {
    if let Some(body) = begun.body {
        match timeout(LOCAL, stream.send_body(body)).await {
            Ok(Ok(())) => Box::pin(stream.drop_body()).await,
            Ok(Err(_)) => {}
            Err(_) => begun.connection.stall(),
        }
    }
    // Some clients take GOAWAY for a failure of the requests under way.
    if begun.ends_connection {
        begun.connection.leave.cancel();
    }
}

/// Returns whether a local response ends the connection too: where only a body was too large or slow,
/// its stream ends alone.
fn ends_connection(answer: &LocalResponse) -> bool {
    let of_body = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];
    answer.close && !of_body.contains(&answer.status)
}

fn request<'r>(
    head: &'r Parts,
    fields: &'r Fields<'_>,
    authority: Option<&'r Authority>,
) -> Request<'r> {
    let target = head.uri.path_and_query();
    Request {
        method: &head.method,
        target: target.map_or("", |target| target.as_str()),
        version: head.version,
        fields,
        authority,
    }
}

fn authority(head: &Parts, fields: &Fields<'_>) -> Option<Authority> {
    let host = || fields.text(FieldName::Host);
    named(&head.uri).or_else(host).and_then(Authority::parse)
}

/// Refuses what `h2` lets through and no two readers understand alike.
///
/// # Errors
/// [`Malformed`], by the sections of RFC 9113 named at each.
pub(super) fn well_formed<B>(request: &http::Request<B>) -> Result<(), Malformed> {
    let (uri, headers) = (request.uri(), request.headers());
    if !headers
        .keys()
        .all(|name| is_token(name.as_str().as_bytes()))
    {
        return Err(request_head::NO_NAME);
    }
    // Section 8.2.1.
    if headers.values().any(|value| is_padded(value.as_bytes())) {
        return Err(request_head::PADDED);
    }
    let scheme = uri.scheme_str();
    if scheme == Some("") {
        return Err(request_head::NO_SCHEME);
    }
    // Section 8.3.1.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let is_origin_form = request_head::is_origin_form(request.method(), target);
    if !is_origin_form || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(request_head::UNENCODED);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_other = |host: &HeaderValue| named(uri).is_some_and(|named| host != named);
    if hosts.next().is_some_and(is_other) || hosts.next().is_some() {
        return Err(request_head::TWO_HOSTS);
    }
    is_framed(headers)
}

/// Refuses a body that is not framed in one way, and an unknown expectation.
fn is_framed(headers: &HeaderMap) -> Result<(), Malformed> {
    let framing = [
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::TRANSFER_ENCODING,
    ];
    if !framing.iter().any(|name| headers.contains_key(name)) {
        return Ok(());
    }
    let fields = &Fields::from(headers);
    request_head::expectation(fields)?;
    request_head::framing(fields, Version::HTTP_11).map(|_| ())
}

/// Whether a value begins or ends with white space.
fn is_padded(value: &[u8]) -> bool {
    let is_white = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_white(value.first()) || is_white(value.last())
}

fn named(uri: &http::Uri) -> Option<&str> {
    uri.authority().map(http::uri::Authority::as_str)
}

async fn read_form(stream: &mut Stream) -> Vec<u8> {
    let mut form = Vec::new();
    while let Ok(Some(piece)) = stream.piece().await {
        if admission::grow(&mut form, &piece).is_none() {
            return Vec::new();
        }
    }
    form
}

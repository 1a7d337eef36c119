//! One stream of HTTP/2: its request is judged, and then answered here or forwarded.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, Version, request::Parts};
use tokio::time::timeout;

use super::stream::Stream;
use crate::{
    authority::Authority,
    fields::{Field, FieldName, Fields},
    http::{
        admission::{self, Admitted},
        forward::{
            client::Client,
            exchange::{Forward, Outcome},
            headers,
            request_body::Framing,
            request_head::write,
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
            Ok(admitted) => Box::pin(self.forward(proxy, admitted)).await,
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

    async fn judge(&self, proxy: &Proxy, form: Vec<u8>) -> Result<Box<Admitted>, Box<Respond>> {
        let fields = Fields::from(&self.head.headers);
        let request = request(&self.head, &fields);
        let mut exchange = Exchange::new(proxy.sites_now(), self.connection.clone(), &request);
        exchange.form = form;
        if let Some(why) = self.malformed {
            let respond = Respond::unjudged(exchange, statuses::malformed(why));
            return Err(Box::new(respond));
        }
        let admitted = proxy.admit(exchange, &request, None).await;
        admitted.map_err(|refused| Box::new(Respond::refused(*refused)))
    }

    async fn forward(self: Box<Self>, proxy: &Proxy, admitted: Box<Admitted>) {
        let Self {
            head,
            mut stream,
            mut held,
            ..
        } = *self;
        let method = head.method.clone();
        let Some((wire, framing)) = to_hub(&head, &stream, &admitted) else {
            drop(head);
            held.resize(STREAM);
            let response = statuses::malformed(request_head::UNFRAMED);
            return respond(&mut stream, proxy, admitted, response).await;
        };
        drop(head);
        held.resize(STREAM + wire.len() + admitted.exchange.logged.bytes());
        let forward = Forward::new(proxy, stream, admitted, method, false);
        let (mut stream, admitted, outcome) = forward.run(&wire, framing).await;
        match outcome {
            Outcome::Respond(response) => respond(&mut stream, proxy, admitted, *response).await,
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

/// Sends a local response to an admitted request.
async fn respond(
    stream: &mut Stream,
    proxy: &Proxy,
    admitted: Box<Admitted>,
    response: LocalResponse,
) {
    let respond = Box::new(Respond::admitted(*admitted, response));
    let begun = begin(stream, proxy, respond);
    finish(stream, begun).await;
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

fn request<'r>(head: &'r Parts, fields: &'r Fields<'_>) -> Request<'r> {
    let host = || fields.text(FieldName::Host);
    let target = head.uri.path_and_query();
    Request {
        method: &head.method,
        target: target.map_or("", |target| target.as_str()),
        version: head.version,
        fields,
        authority: named(&head.uri).or_else(host).and_then(Authority::parse),
    }
}

/// Refuses what `h2` lets through and no two readers understand alike.
///
/// # Errors
/// [`Malformed`], by the sections of RFC 9113 named at each.
pub(super) fn well_formed<B>(request: &http::Request<B>) -> Result<(), Malformed> {
    let (uri, fields) = (request.uri(), &Fields::from(request.headers()));
    if !fields.iter().all(Field::has_valid_name) {
        return Err(request_head::NO_NAME);
    }
    // Section 8.2.1.
    if fields.iter().any(|field| is_padded(field.value)) {
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
    let is_other = |host: &[u8]| named(uri).is_some_and(|named| host != named.as_bytes());
    if fields.all(FieldName::Host).count() > 1 || fields.all(FieldName::Host).any(is_other) {
        return Err(request_head::TWO_HOSTS);
    }
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

/// The head as the hub hears it, and how the body is framed; none when it is not framed in one way.
fn to_hub(head: &Parts, stream: &Stream, admitted: &Admitted) -> Option<(BytesMut, Framing)> {
    let fields = Fields::from(&head.headers);
    let body = request_head::framing(&fields, Version::HTTP_11).ok()?;
    let framing = match body {
        Body::Length(1..) => Framing::Length,
        Body::Length(_) if stream.has_sent() => Framing::Nothing,
        Body::Length(_) => Framing::Chunks,
        Body::Chunked => return None,
    };
    let mut edits = headers::to_hub(&fields, admitted).ok()?;
    if let Some(host) = named(&head.uri).filter(|_| !edits.sets("Host")) {
        edits.set("Host", host.as_bytes());
    }
    match framing {
        Framing::Nothing if !head.method.is_safe() => {
            edits.set("Content-Length", &b"0"[..]);
        }
        Framing::Chunks => edits.remove("Content-Length"),
        _ => {
            if let Some(length) = request_head::plain_length(&fields, body) {
                edits.set("Content-Length", length.into_bytes());
            }
        }
    }
    let target = request(head, &fields).target;
    let wire = write(&head.method, target, &fields, &edits, &framing);
    Some((wire, framing))
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

//! One stream of HTTP/2: its request is judged, and then answered here or forwarded.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use http::{HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use tokio::time::timeout;

use super::{
    super::{
        answer::Answer,
        authority::Authority,
        budget::Charge,
        direct::{self, Client, Framing, Outcome, Passage, Stream},
        enrolment,
        exchange::{Exchange, Request},
        head::{self, Body, Malformed},
        headers::{self, spelled},
        link::Link,
        page,
    },
    BODY, Http2, STREAM,
};

/// For a client to give a window for a local response.
const LOCAL: Duration = Duration::from_secs(5);

impl Http2 {
    /// One request; `held` is the memory that its head occupies.
    pub(super) async fn exchange(
        &self,
        head: Parts,
        mut stream: Stream,
        link: Arc<Link>,
        mut held: Charge,
        malformed: Option<Malformed>,
    ) {
        let form = self.form(&head, &mut stream).await;
        let (mut exchange, refused) = self.judge(&head, link, form, malformed).await;
        let Some(answer) = refused else {
            return self.forward(head, stream, exchange, held).await;
        };
        drop(head);
        held.resize(STREAM + rest(&stream));
        self.answer(&mut stream, &mut exchange, answer).await;
    }

    /// The form posted to a page of hubgate's own; empty when it is too large or late.
    async fn form(&self, head: &Parts, stream: &mut Stream) -> Vec<u8> {
        let sites = self.proxy.sites_now();
        if !sites.has_own_clients || !enrolment::is_form(&head.method, head.uri.path()) {
            return Vec::new();
        }
        let read = timeout(sites.config.limits.header_time, read_form(stream)).await;
        read.unwrap_or_default()
    }

    async fn judge(
        &self,
        head: &Parts,
        link: Arc<Link>,
        form: Vec<u8>,
        malformed: Option<Malformed>,
    ) -> (Box<Exchange>, Option<Answer>) {
        let request = request(head);
        let mut exchange = Box::new(Exchange::new(self.proxy.sites_now(), link, &request));
        exchange.form = form;
        let admitted = match malformed {
            None => self.proxy.admit(&mut exchange, &request, None).await,
            Some(why) => Err(page::malformed(why)),
        };
        let refused = admitted.err();
        (exchange, refused)
    }

    async fn forward(
        &self,
        head: Parts,
        mut stream: Stream,
        mut exchange: Box<Exchange>,
        mut held: Charge,
    ) {
        let method = head.method.clone();
        let Some((wire, framing)) = to_hub(&head, &stream, &exchange) else {
            drop(head);
            held.resize(STREAM + rest(&stream));
            let answer = page::malformed(head::UNFRAMED);
            return self.answer(&mut stream, &mut exchange, answer).await;
        };
        drop(head);
        held.resize(STREAM + wire.len() + exchange.said.bytes() + rest(&stream));
        let passage = Passage::new(&self.proxy, stream, exchange, method, false);
        let (mut stream, mut exchange, outcome) = passage.run(&wire, framing).await;
        match outcome {
            Outcome::Told(answer) => self.answer(&mut stream, &mut exchange, *answer).await,
            Outcome::Whole { .. } => stream.drop_body().await,
            // A stream that is dropped without its end is reset, after what was sent.
            Outcome::Cut => {}
        }
    }

    /// Answers without the hub. A client that gives no window is not waited for long: the
    /// stream is reset, and its connection ends.
    async fn answer(&self, stream: &mut Stream, exchange: &mut Exchange, answer: Answer) {
        let answer = exchange.cors.dress(answer);
        let method = exchange.said.method.clone();
        exchange.answered = Some((answer.status.as_u16(), answer.sent_for(&method)));
        self.proxy.record(exchange);
        exchange.said.release();
        let ends = ends_connection(&answer);
        let responding = stream.respond(answer, method == Method::HEAD);
        match timeout(LOCAL, responding).await {
            Ok(Ok(())) => stream.drop_body().await,
            Ok(Err(_)) => {}
            Err(_) => exchange.link.stall(),
        }
        // Some clients take GOAWAY for a failure of the requests under way.
        if ends {
            exchange.link.leave.cancel();
        }
    }
}

/// Returns whether a local response ends the connection too: where only a body was too large or slow,
/// its stream ends alone.
fn ends_connection(answer: &Answer) -> bool {
    let of_body = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];
    answer.close && !of_body.contains(&answer.status)
}

/// Bytes that the rest of a stream's body may occupy.
fn rest(stream: &Stream) -> usize {
    if stream.has_sent() { 0 } else { BODY }
}

fn request(head: &Parts) -> Request<'_> {
    let host = || head.headers.get(header::HOST)?.to_str().ok();
    let target = head.uri.path_and_query();
    Request {
        method: &head.method,
        target: target.map_or("", |target| target.as_str()),
        version: head.version,
        headers: &head.headers,
        authority: named(&head.uri).or_else(host).and_then(Authority::parse),
    }
}

/// Refuses what `h2` lets through and no two readers understand alike.
///
/// # Errors
/// [`Malformed`], by the sections of RFC 9113 named at each.
pub(super) fn well_formed<B>(request: &http::Request<B>) -> Result<(), Malformed> {
    let (uri, fields) = (request.uri(), request.headers());
    if fields
        .keys()
        .any(|name: &HeaderName| name.as_str().contains('"'))
    {
        return Err(head::NO_NAME);
    }
    // Section 8.2.1.
    if fields.values().any(|value| is_padded(value.as_bytes())) {
        return Err(head::PADDED);
    }
    let scheme = uri.scheme_str();
    if scheme == Some("") {
        return Err(head::NO_SCHEME);
    }
    // Section 8.3.1.
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let is_origin_form = head::is_origin_form(request.method(), target);
    if !is_origin_form || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(head::UNENCODED);
    }
    let hosts = fields.get_all(header::HOST);
    let is_other = |host: &HeaderValue| named(uri).is_some_and(|named| host != named);
    if hosts.iter().count() > 1 || hosts.iter().any(is_other) {
        return Err(head::TWO_HOSTS);
    }
    head::framing(fields, Version::HTTP_11).map(|_| ())
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
fn to_hub(head: &Parts, stream: &Stream, exchange: &Exchange) -> Option<(BytesMut, Framing)> {
    let body = head::framing(&head.headers, Version::HTTP_11).ok()?;
    let framing = match body {
        Body::Length(1..) => Framing::Length,
        Body::Length(_) if stream.has_sent() => Framing::Nothing,
        Body::Length(_) => Framing::Chunks,
        Body::Chunked => return None,
    };
    let mut changes = headers::to_hub(&head.headers, exchange).ok()?;
    if let Some(host) = named(&head.uri) {
        changes.set("Host", Some(HeaderValue::from_str(host).ok()?));
    }
    match framing {
        Framing::Nothing if !head.method.is_safe() => {
            changes.set("Content-Length", Some(HeaderValue::from_static("0")));
        }
        Framing::Chunks => changes.set("Content-Length", None),
        _ => {
            if let Some(length) = head::plain_length(&head.headers, body) {
                changes.set("Content-Length", Some(length));
            }
        }
    }
    let (fields, target) = (spelled(&head.headers), request(head).target);
    let wire = direct::head(&head.method, target, fields, &changes, &framing);
    Some((wire, framing))
}

async fn read_form(stream: &mut Stream) -> Vec<u8> {
    let mut form = Vec::new();
    while let Ok(Some(piece)) = stream.piece().await {
        if enrolment::grow(&mut form, &piece).is_none() {
            return Vec::new();
        }
    }
    form
}

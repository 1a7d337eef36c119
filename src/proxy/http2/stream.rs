//! One stream of HTTP/2: its request is judged, and then answered here or forwarded.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Method, Version, header};
use pingora_core::{
    Result,
    apps::HttpServerApp,
    protocols::http::{ServerSession, v2::server::HttpSession},
};
use pingora_http::RequestHeader;
use tokio::time::timeout;

use super::{
    super::{
        answer::Answer,
        authority::Authority,
        budget::Charge,
        direct::{self, Framing, Outcome, Passage, Stream},
        enrolment,
        exchange::{Exchange, Request},
        head::{self, Body, Malformed},
        headers::{self, spelled},
        link::Link,
        page, stall,
        upload::Upload,
    },
    BODY, Http2, Judged, STREAM,
};

/// For a client to give a window for a local response.
const LOCAL: Duration = Duration::from_secs(5);

impl Http2 {
    /// One request; `held` is the memory that its head occupies.
    pub(super) async fn exchange(
        &self,
        mut session: HttpSession,
        link: Arc<Link>,
        mut held: Charge,
    ) -> Result<()> {
        session.set_write_timeout(Some(stall::PATIENCE));
        let form = self.form(&mut session).await;
        let (mut exchange, refused) = self.judge(session.req_header(), link, form).await;
        if let Some(answer) = refused {
            release(&mut session, &mut held, 0);
            return self.answer(&mut session, &mut exchange, answer).await;
        }
        if !direct::suits(&exchange, &session.req_header().headers) {
            self.through_engine(session, exchange).await;
            return Ok(());
        }
        self.directly(session, exchange, held).await
    }

    /// The form posted to a page of hubgate's own; empty when it is too large or late.
    async fn form(&self, session: &mut HttpSession) -> Vec<u8> {
        let head = session.req_header();
        let sites = self.proxy.sites_now();
        if !sites.has_own_clients || !enrolment::is_form(&head.method, head.uri.path()) {
            return Vec::new();
        }
        let read = timeout(sites.config.limits.header_time, read_form(session)).await;
        read.unwrap_or_default()
    }

    async fn judge(
        &self,
        head: &RequestHeader,
        link: Arc<Link>,
        form: Vec<u8>,
    ) -> (Box<Exchange>, Option<Answer>) {
        let request = request(head);
        let mut exchange = Box::new(Exchange::new(self.proxy.sites_now(), link, &request));
        exchange.form = form;
        let admitted = match well_formed(head) {
            Ok(()) => self.proxy.admit(&mut exchange, &request, None).await,
            Err(why) => Err(page::malformed(why)),
        };
        let refused = admitted.err();
        (exchange, refused)
    }

    async fn directly(
        &self,
        mut session: HttpSession,
        mut exchange: Box<Exchange>,
        mut held: Charge,
    ) -> Result<()> {
        let method = session.req_header().method.clone();
        let Some((head, framing)) = to_hub(&session, &exchange) else {
            release(&mut session, &mut held, 0);
            let answer = page::malformed(head::UNFRAMED);
            return self.answer(&mut session, &mut exchange, answer).await;
        };
        let has_sent = session.is_body_done();
        let body = if has_sent { 0 } else { BODY };
        let bytes = head.len() + exchange.said.bytes() + body;
        release(&mut session, &mut held, bytes);
        let stream = Stream::new(session, has_sent, exchange.link.clone());
        let passage = Passage::new(&self.proxy, stream, exchange, method, false);
        let (stream, mut exchange, outcome) = passage.run(&head, framing).await;
        let mut session = stream.session;
        match outcome {
            Outcome::Told(answer) => self.answer(&mut session, &mut exchange, *answer).await,
            // A stream that is dropped without its end is reset, after what was sent.
            Outcome::Whole { .. } | Outcome::Cut => Ok(()),
        }
    }

    async fn through_engine(&self, mut session: HttpSession, mut exchange: Box<Exchange>) {
        if !session.is_body_done() {
            let idle = exchange.sites.config.limits.idle;
            exchange.upload = Some(Upload::watch(exchange.link.clone(), idle));
        }
        let judged = Judged::new(exchange);
        session.req_header_mut().extensions_mut().insert(judged);
        let session = ServerSession::new_http2(session);
        let draining = self.proxy.drain.watch();
        self.engine.process_new_http(session, &draining).await;
    }

    /// Answers without the hub. A client that gives no window is not waited for long: the
    /// stream is reset, and its connection ends.
    async fn answer(
        &self,
        session: &mut HttpSession,
        exchange: &mut Exchange,
        answer: Answer,
    ) -> Result<()> {
        let answer = exchange.dress(answer);
        let method = exchange.said.method.clone();
        exchange.answered = Some((answer.status.as_u16(), answer.sent_for(&method)));
        self.proxy.record(exchange);
        exchange.said.release();
        if answer.close {
            exchange.link.leave.cancel();
        }
        let empty = method == Method::HEAD || answer.body.is_empty();
        session.write_response_header(Box::new(answer.to_response()?), empty)?;
        if empty {
            return Ok(());
        }
        let memory = &exchange.link.memory;
        let body = match answer.body.is_unique() {
            true => memory.queue(answer.body),
            false => answer.body,
        };
        match timeout(LOCAL, session.write_body(body, true)).await {
            Ok(written) => written,
            Err(_) => {
                exchange.link.stall();
                Ok(())
            }
        }
    }
}

/// Drops the head of a request; so many bytes are held instead.
fn release(session: &mut HttpSession, held: &mut Charge, bytes: usize) {
    let (empty, ()) = http::Request::new(()).into_parts();
    *session.req_header_mut() = RequestHeader::from(empty);
    held.resize(STREAM + bytes);
}

fn request(head: &RequestHeader) -> Request<'_> {
    let host = || head.headers.get(header::HOST)?.to_str().ok();
    let target = head.uri.path_and_query();
    Request {
        method: &head.method,
        target: target.map_or("", |target| target.as_str()),
        version: head.version,
        headers: &head.headers,
        authority: named(head).or_else(host).and_then(Authority::parse),
    }
}

/// Refuses what the engine lets through: names with a quotation mark, and a scheme that is empty.
fn well_formed(head: &RequestHeader) -> Result<(), Malformed> {
    let is_name = |name: &HeaderName| !name.as_str().contains('"');
    if !head.headers.keys().all(is_name) {
        return Err(head::NO_NAME);
    }
    match head.uri.scheme_str() {
        Some("") => Err(head::NO_SCHEME),
        _ => Ok(()),
    }
}

fn named(head: &RequestHeader) -> Option<&str> {
    head.uri.authority().map(http::uri::Authority::as_str)
}

/// The head as the hub hears it, and how the body is framed; none when it is not framed in one way.
fn to_hub(session: &HttpSession, exchange: &Exchange) -> Option<(bytes::BytesMut, Framing)> {
    let head = session.req_header();
    let framing = framing(session)?;
    let mut changes = headers::to_hub_anew(&head.headers, exchange).ok()?;
    if let Some(host) = named(head) {
        changes.set("Host", Some(HeaderValue::from_str(host).ok()?));
    }
    if framing == Framing::Nothing && !head.method.is_safe() {
        changes.set("Content-Length", Some(HeaderValue::from_static("0")));
    }
    let (fields, target) = (spelled(&head.headers), request(head).target);
    let wire = direct::head(&head.method, target, fields, &changes, &framing);
    Some((wire, framing))
}

fn framing(session: &HttpSession) -> Option<Framing> {
    let head = session.req_header();
    match head::framing(&head.headers, Version::HTTP_11).ok()? {
        Body::Length(1..) => Some(Framing::Length),
        Body::Length(_) if session.is_body_done() => Some(Framing::Nothing),
        Body::Length(_) => Some(Framing::Chunks),
        Body::Chunked => None,
    }
}

async fn read_form(session: &mut HttpSession) -> Vec<u8> {
    let mut form = Vec::new();
    while let Ok(Some(piece)) = session.read_body_bytes().await {
        if enrolment::grow(&mut form, &piece).is_none() {
            return Vec::new();
        }
    }
    form
}

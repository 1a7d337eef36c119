//! HTTP/2 connections: the engine speaks in frames, and every stream is judged here.
//!
//! As `http1` does, it hands the request to the hub, or to the engine, or answers it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Method, Version, header};
use pingora_core::{
    Result,
    apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream},
    protocols::http::{
        ServerSession,
        v2::server::{H2Options, HttpSession, default_h2_options},
    },
    server::ShutdownWatch,
};
use pingora_http::RequestHeader;
use pingora_proxy::HttpProxy;

use super::{
    Proxy,
    answer::Answer,
    authority::Authority,
    direct::{self, Framing, Outcome, Passage, Stream},
    engine::{Phases, STALLED},
    enrolment,
    exchange::{Exchange, Request},
    failure,
    head::{self, Body, Malformed},
    headers::{self, spelled},
    link::Link,
    page,
    upload::Upload,
};

/// What serves HTTP/2 connections.
pub struct Http2 {
    proxy: Arc<Proxy>,
    engine: Arc<HttpProxy<Phases>>,
    options: HttpServerOptions,
}

/// A judged request on its way to the engine's phases.
#[derive(Clone)]
pub(super) struct Judged(Arc<Mutex<Option<Box<Exchange>>>>);

/// Streams of one connection at a time.
const STREAMS: u32 = 128;
/// Bytes of a header list, as RFC 9113, section 6.5.2 counts them.
const HEADER_LIST: u32 = 64 * 1024;

impl Http2 {
    pub(super) fn new(proxy: Arc<Proxy>, engine: Arc<HttpProxy<Phases>>) -> Self {
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(proxy.sites().config.limits.idle);
        Self {
            proxy,
            engine,
            options,
        }
    }

    /// One request.
    async fn exchange(&self, mut session: HttpSession, draining: &ShutdownWatch) -> Result<()> {
        let Some(link) = link(&session) else {
            return Ok(());
        };
        session.set_write_timeout(Some(STALLED));
        let form = form(&mut session).await?;
        let (mut exchange, refused) = self.judge(session.req_header(), link, form).await;
        if let Some(answer) = refused {
            return self.answer(&mut session, &mut exchange, answer).await;
        }
        if !direct::suits(&exchange, &session.req_header().headers) {
            self.through_engine(session, exchange, draining).await;
            return Ok(());
        }
        self.directly(session, exchange).await
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

    async fn directly(&self, mut session: HttpSession, mut exchange: Box<Exchange>) -> Result<()> {
        let method = session.req_header().method.clone();
        let Some((head, framing)) = to_hub(&session, &exchange) else {
            let answer = page::malformed(head::UNFRAMED);
            return self.answer(&mut session, &mut exchange, answer).await;
        };
        let stream = Stream::new(session);
        let passage = Passage::new(&self.proxy, stream, exchange, method, false);
        let (stream, mut exchange, outcome) = passage.run(&head, framing).await;
        let mut session = stream.session;
        match outcome {
            Outcome::Told(answer) => self.answer(&mut session, &mut exchange, *answer).await,
            // A stream that is dropped without its end is reset, after what was sent.
            Outcome::Whole { .. } | Outcome::Cut => Ok(()),
        }
    }

    async fn through_engine(
        &self,
        mut session: HttpSession,
        mut exchange: Box<Exchange>,
        draining: &ShutdownWatch,
    ) {
        if !session.is_body_done() {
            let idle = exchange.sites.config.limits.idle;
            exchange.upload = Some(Upload::watch(exchange.link.clone(), idle));
        }
        let judged = Judged(Arc::new(Mutex::new(Some(exchange))));
        session.req_header_mut().extensions_mut().insert(judged);
        let session = ServerSession::new_http2(session);
        self.engine.process_new_http(session, draining).await;
    }

    /// Answers without the hub.
    async fn answer(
        &self,
        session: &mut HttpSession,
        exchange: &mut Exchange,
        answer: Answer,
    ) -> Result<()> {
        let answer = exchange.cors.dress(answer);
        let method = &exchange.said.method;
        exchange.answered = Some((answer.status.as_u16(), answer.sent_for(method)));
        self.proxy.record(exchange);
        if answer.close {
            exchange.link.leave.cancel();
        }
        let empty = *method == Method::HEAD || answer.body.is_empty();
        session.write_response_header(Box::new(answer.to_response()?), empty)?;
        if empty {
            return Ok(());
        }
        session.write_body(answer.body, true).await
    }
}

#[async_trait]
impl HttpServerApp for Http2 {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        draining: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if let ServerSession::H2(session) = session
            && let Err(error) = self.exchange(session, draining).await
        {
            failure::tell(&error, None);
        }
        None
    }

    fn h2_options(&self) -> Option<H2Options> {
        let mut options = default_h2_options();
        options.max_concurrent_streams(STREAMS);
        options.max_header_list_size(HEADER_LIST);
        Some(options)
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}

impl Judged {
    /// Takes it from the head it came with.
    pub(super) fn take(head: &RequestHeader) -> Option<Box<Exchange>> {
        let Self(judged) = head.extensions.get()?;
        judged.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
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

/// What is known of the connection a stream runs on.
fn link(session: &HttpSession) -> Option<Arc<Link>> {
    let proxied = session.digest()?.proxy_digest.as_ref()?;
    let link = proxied.user_data.as_ref()?;
    link.downcast_ref::<Arc<Link>>().cloned()
}

/// What is posted to a page of hubgate's own; nothing of what is too large.
async fn form(session: &mut HttpSession) -> Result<Vec<u8>> {
    let head = session.req_header();
    let mut form = Vec::new();
    if !enrolment::is_form(&head.method, head.uri.path()) {
        return Ok(form);
    }
    while let Some(piece) = session.read_body_bytes().await? {
        if enrolment::grow(&mut form, &piece).is_none() {
            return Ok(Vec::new());
        }
    }
    Ok(form)
}

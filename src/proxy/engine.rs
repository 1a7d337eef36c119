//! The engine's phases: everything hubgate hooks into Pingora is in this file.
//!
//! A request arrives here admitted, with its exchange.

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use http::{StatusCode, Version, header};
use pingora_core::{
    Error, ErrorType, OrErr, Result, modules::http::HttpModules, upstreams::peer::HttpPeer,
};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};

use super::{
    Proxy, answer::Answer, exchange::Exchange, failure, headers, http2::Judged, pace, stall,
};

/// The engine's context of a request; empty until its head is judged.
pub(super) type Context = Option<Box<Exchange>>;

/// What is wrong when a field of hubgate's own cannot be written.
const OURS: &str = "a field that is no field";
/// The phases of a request.
pub struct Phases(pub Arc<Proxy>);

#[async_trait]
impl ProxyHttp for Phases {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        None
    }

    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    fn on_connection_reuse(
        &self,
        _session: &mut Session,
        context: &mut Context,
        judged: Box<dyn Any + Send + Sync>,
    ) {
        *context = judged.downcast().ok();
    }

    async fn request_filter(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        session.set_write_timeout(Some(stall::PATIENCE));
        session.set_read_timeout(Some(self.0.sites().config.limits.idle));
        session.set_ignore_info_resp(false);
        if context.is_none() {
            *context = Judged::take(session.req_header());
        }
        match context {
            Some(_) => Ok(false),
            None => Error::e_explain(ErrorType::InternalError, "a request that nobody judged"),
        }
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        context: &mut Context,
    ) -> Result<Box<HttpPeer>> {
        let Some(route) = context.as_mut().and_then(|it| it.route.as_mut()) else {
            return Error::e_explain(ErrorType::InternalError, "a request without an upstream");
        };
        match route.peer().await {
            Ok(Some(peer)) => Ok(Box::new(peer)),
            Ok(None) => {
                Err(Error::explain(ErrorType::ConnectRefused, "no server is left").into_up())
            }
            Err(error) => Err(Error::because(
                ErrorType::ConnectNoRoute,
                "looking up the hub's name",
                error,
            )
            .into_up()),
        }
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        context: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if let Some(route) = context.as_mut().and_then(|it| it.route.as_mut()) {
            let more = route.unreachable(&peer._address, &error.etype().as_str());
            error.set_retry(more);
        }
        error
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        context: &mut Context,
    ) -> Result<()> {
        let Some(exchange) = context else {
            return Ok(());
        };
        exchange.received = 0;
        let changes = headers::to_hub(&request.headers, exchange);
        let changes = changes.or_err(ErrorType::InternalError, OURS)?;
        changes.change_request(request)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        context: &mut Context,
    ) -> Result<()> {
        let Some(exchange) = context else {
            return Ok(());
        };
        // The engine ends a chunked body twice when its last piece is empty,
        // and the second end desynchronises the pooled connection.
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        exchange.received += body.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match &exchange.upload {
            Some(upload) if !end => upload.goes_on(),
            _ => exchange.upload = None,
        }
        pace::limit(exchange)
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        _context: &mut Context,
    ) -> Result<()> {
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            let error = Error::explain(ErrorType::InvalidHTTPHeader, "a 101 nobody asked for");
            return Err(error.into_up());
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        context: &mut Context,
    ) -> Result<()> {
        let Some(exchange) = context else {
            return Ok(());
        };
        // The request may have begun before the end did.
        if self.0.drain.has_begun() {
            session.set_keepalive(None);
        }
        if headers::is_endless(&response.headers) {
            exchange.link.carries_endless();
        }
        let changes = headers::to_client(&response.headers, response.status, exchange);
        let changes = changes.or_err(ErrorType::InternalError, OURS)?;
        changes.change_response(response)?;
        // HTTP/1.0 knows no chunks (RFC 9112, section 6.1): the end of the connection is the end.
        if exchange.said.version == Version::HTTP_10 {
            response.remove_header(&header::TRANSFER_ENCODING);
        }
        Ok(())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        failure::tell(error, context.as_deref());
        let answer = failure::answer(error);
        let mut error_code = answer.status.as_u16();
        if failure::client_is_gone(error) {
            error_code = 499;
        } else if let Some(exchange) = context
            .as_mut()
            .filter(|_| session.response_written().is_none())
        {
            session.set_keepalive(None);
            write(session, answer, exchange).await.ok();
        }
        FailToProxy {
            error_code,
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, context: &mut Context) {
        let Some(exchange) = context else { return };
        if error.is_some_and(failure::client_has_stalled) {
            exchange.link.stall();
        }
        let sent = session.body_bytes_sent() as u64;
        let status = session
            .response_written()
            .map(|response| response.status.as_u16());
        let gone = error
            .filter(|error| failure::client_is_gone(error))
            .map(|_| 499);
        exchange.answered = Some((status.or(gone).unwrap_or(0), sent));
        self.0.record(exchange);
    }

    // The engine's own lines hold the target, and with it tokens.
    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _context: &Context,
        _error: &Error,
        _occasion: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    fn suppress_error_log(&self, _session: &Session, _context: &Context, _error: &Error) -> bool {
        true
    }
}

/// Writes an answer of our own through the engine.
async fn write(session: &mut Session, answer: Answer, exchange: &Exchange) -> Result<()> {
    let answer = exchange.dress(answer);
    let empty = exchange.said.method == http::Method::HEAD || answer.body.is_empty();
    if answer.close {
        session.set_keepalive(None);
        exchange.link.leave.cancel();
    }
    let head = Box::new(answer.to_response()?);
    session.write_response_header(head, empty).await?;
    if !empty {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

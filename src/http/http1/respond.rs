//! Local responses on an HTTP/1 connection, which persists or closes after them.

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

/// Bytes of content read and dropped at most so that the connection persists.
const SMALL_BODY: u64 = 64 * 1024;
/// Time for which a connection is read before it closes, so that the client gets the response.
const LINGER: Duration = Duration::from_secs(5);

/// An HTTP/1 connection, with the proxy that serves it.
pub(super) struct Connection<'p> {
    pub(super) proxy: &'p Proxy,
    pub(super) client: ClientStream,
}

/// The properties of a request that decide whether its connection persists.
pub(super) struct Persistence {
    body: Body,
    keeps_alive: bool,
    /// Set when the request has an Expect field.
    expects: bool,
}

impl Persistence {
    pub(super) fn new(head: &Head<'_>) -> Self {
        Self {
            body: head.body,
            keeps_alive: head.keeps_alive(),
            expects: head.fields.has(FieldName::Expect),
        }
    }

    /// Reports whether the content is small enough to read and drop.
    fn is_small(&self) -> bool {
        match self.body {
            Body::Length(0) => true,
            // A client that expects 100 (Continue) may send the content or leave it out
            // (RFC 9110, section 10.1.1), so the next request has no certain beginning.
            Body::Length(1..=SMALL_BODY) => !self.expects,
            _ => false,
        }
    }
}

impl Connection<'_> {
    /// Sends a local response; returns whether another request may follow.
    pub(super) async fn respond(&mut self, mut respond: Respond, request: Persistence) -> bool {
        let persists = request.keeps_alive && request.is_small() && !self.proxy.drain.has_begun();
        if respond.response.close || !persists {
            return self.respond_last(respond).await;
        }
        let wire = respond.write_http1(self.proxy, false);
        let limit = respond.exchange.sites.config.limits.header_time;
        if self.client.send(&wire).await.is_err() {
            return false;
        }
        let dropped = timeout(limit, self.client.drop_body(request.body)).await;
        dropped.is_ok_and(|dropped| dropped.is_some())
    }

    /// Sends a local response and closes the connection; no other request may follow.
    pub(super) async fn respond_last(&mut self, mut respond: Respond) -> bool {
        let wire = respond.write_http1(self.proxy, true);
        if self.client.send(&wire).await.is_ok() {
            self.client.lingering_close().await;
        }
        false
    }

    /// Responds to bytes that are no request, and closes the connection.
    pub(super) async fn refuse(&mut self, response: LocalResponse) -> bool {
        let unread = Request {
            method: &Method::GET,
            target: "-",
            version: Version::HTTP_11,
            fields: &Fields::default(),
            authority: None,
        };
        let connection = self.client.connection().clone();
        let exchange = Exchange::new(self.proxy.current_sites(), connection, &unread);
        self.respond_last(Respond::unjudged(exchange, response))
            .await
    }
}

impl Respond {
    /// Logs the response and returns its bytes; its content is freed.
    fn write_http1(&mut self, proxy: &Proxy, close: bool) -> BytesMut {
        self.log(proxy);
        let response = mem::take(&mut self.response);
        response.to_http1(&self.exchange.logged.method, close)
    }
}

impl ClientStream {
    /// Reads and drops the content of a request that was responded to; none where the connection
    /// ends before it.
    async fn drop_body(&mut self, body: Body) -> Option<()> {
        let Body::Length(mut left) = body else {
            return None;
        };
        while left > 0 {
            if self.unread().is_empty() && self.receive().await.ok()? == 0 {
                return None;
            }
            let some = left.min(self.unread().len() as u64);
            self.consume(usize::try_from(some).ok()?);
            left -= some;
        }
        Some(())
    }

    /// Closes the connection for writing and reads on for a while: with unread bytes a close
    /// resets the connection, which can discard the response (RFC 9112, section 9.6).
    pub(super) async fn lingering_close(&mut self) {
        if self.shutdown().await.is_err() {
            return;
        }
        let rest = async {
            while matches!(self.receive().await, Ok(1..)) {
                self.consume(self.unread().len());
            }
        };
        timeout(LINGER, rest).await.ok();
    }
}

impl Head<'_> {
    /// Reports whether the client wants a persistent connection (RFC 9112, section 9.3).
    pub(super) fn keeps_alive(&self) -> bool {
        let connection = self.fields.connection();
        match self.version {
            Version::HTTP_10 => connection.keep_alive,
            _ => !connection.close,
        }
    }
}

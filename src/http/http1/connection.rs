//! HTTP/1 connections: the heads of their requests are read here, one after the other.

use std::{future::poll_fn, io, task::Poll};

use bytes::BytesMut;
use http::StatusCode;
use tokio::time::timeout;

use super::{
    request_head::{Head, MOST_BYTES, Malformed},
    respond::Connection,
};
use crate::{
    http::{proxy::Proxy, response::local_response::LocalResponse},
    transport::{
        client_stream::{ClientStream, ReadLimit},
        idle_timeout::IdleTimeout,
        signal::Waiter,
    },
};

/// The next event of a connection between two requests.
enum Next {
    /// The bytes of a head.
    Head(BytesMut),
    /// Bytes that are no head of HTTP/1.
    Malformed(Malformed),
    /// A head that did not arrive within `limits.header_time`.
    Slow,
    /// The end of the connection.
    End,
}

/// The wait of a connection for its next request.
struct Wait<'p> {
    proxy: &'p Proxy,
    closing: Waiter,
    idle_timeout: IdleTimeout,
}

/// A search for the end of a head among the bytes received.
struct HeadSearch<'c> {
    client: &'c mut ClientStream,
    /// Bytes in which no end was found.
    searched: usize,
}

/// Serves a connection until it closes.
pub async fn serve(proxy: &Proxy, client: ClientStream) {
    let mut wait = Wait {
        proxy,
        closing: proxy.drain.closing.waiter(),
        idle_timeout: IdleTimeout::new(proxy.sites().config.limits.header_time),
    };
    let mut connection = Connection { proxy, client };
    loop {
        let persists = match wait.next(&mut connection.client).await {
            // On the heap, so that an idle connection occupies little memory.
            Next::Head(head) => Box::pin(connection.exchange(head, &mut wait.idle_timeout)).await,
            Next::Malformed(why) => connection.refuse(LocalResponse::malformed(why)).await,
            Next::Slow => connection.refuse(LocalResponse::client_slow()).await,
            Next::End => false,
        };
        if !persists {
            return;
        }
        let idle = proxy.sites().config.limits.idle;
        wait.idle_timeout.renew_with(idle);
    }
}

impl Wait<'_> {
    /// Waits for a request and reads its head, which one read mostly returns whole.
    async fn next(&mut self, client: &mut ClientStream) -> Next {
        client.limit_reads(ReadLimit::All);
        if client.unread().is_empty() && !self.has_received(client).await {
            return Next::End;
        }
        let mut search = HeadSearch {
            client,
            searched: 0,
        };
        match search.next() {
            Some(next) => next,
            None => self.rest(search).await,
        }
    }

    /// Waits for bytes; false when the idle timeout, the connection or the process ends first.
    async fn has_received(&mut self, client: &mut ClientStream) -> bool {
        poll_fn(|context| {
            if let Poll::Ready(received) = client.poll_more(context) {
                return Poll::Ready(matches!(received, Ok(1..)));
            }
            let closing = self.closing.poll(context).is_ready();
            match closing || self.idle_timeout.poll(context).is_ready() {
                true => Poll::Ready(false),
                false => Poll::Pending,
            }
        })
        .await
    }

    /// Reads the rest of a head within `limits.header_time`.
    async fn rest(&mut self, search: HeadSearch<'_>) -> Next {
        let limit = self.proxy.sites().config.limits.header_time;
        let head = tokio::select! {
            biased;
            head = timeout(limit, search.receive()) => head,
            () = poll_fn(|context| self.closing.poll(context)) => return Next::End,
        };
        match head {
            Ok(Ok(next)) => next,
            Ok(Err(_)) => Next::End,
            Err(_) => Next::Slow,
        }
    }
}

impl HeadSearch<'_> {
    /// Receives bytes until the head is complete or malformed.
    async fn receive(mut self) -> io::Result<Next> {
        loop {
            if self.client.receive().await? == 0 {
                return Ok(Next::End);
            }
            if self.searched <= 2 {
                self.searched = 0;
            }
            if let Some(next) = self.next() {
                return Ok(next);
            }
        }
    }

    /// Takes a complete head from the bytes received, or reports that they are malformed; none
    /// while the head is incomplete.
    fn next(&mut self) -> Option<Next> {
        if self.searched == 0 {
            self.skip_empty_lines();
        }
        let Some(length) = Head::end(self.client.unread(), &mut self.searched) else {
            let first = self.client.unread().first();
            if first.is_some_and(|byte| !may_begin_head(*byte)) {
                return Some(Next::Malformed(NO_HTTP));
            }
            let is_too_large = self.client.unread().len() > MOST_BYTES;
            return is_too_large.then_some(Next::Malformed(TOO_LARGE));
        };
        match length > MOST_BYTES {
            true => Some(Next::Malformed(TOO_LARGE)),
            false => Some(Next::Head(self.client.take(length))),
        }
    }

    /// Skips the empty lines that some old clients send after content (RFC 9112, section 2.2).
    fn skip_empty_lines(&mut self) {
        while self.client.unread().starts_with(b"\r\n") {
            self.client.consume(2);
        }
    }
}

const NO_HTTP: Malformed = Malformed(StatusCode::BAD_REQUEST, "this is not HTTP");

/// Reports whether a head, or an empty line before it, may begin with this byte.
fn may_begin_head(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b'\r'
}

const TOO_LARGE: Malformed = Malformed(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the head is larger than 64 KiB",
);

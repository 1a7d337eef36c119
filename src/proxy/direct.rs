//! A request to a hub that speaks HTTP/1.1 in the clear: past the engine, from buffer to socket.
//!
//! The gate has decided before, and `headers` says what changes, as on every way. What is not
//! plain (HTTP/1.0, an Expect, a hub over TLS) takes the engine's.

mod client;
mod hub;
mod patience;
mod relay;
mod response;
mod stream;
mod upload;

use std::{
    future::poll_fn,
    io,
    pin::pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{BufMut, BytesMut};
use http::{HeaderMap, Method, header};
use tokio::io::AsyncReadExt;

use crate::upstream::Route;

#[cfg(any(fuzzing, test))]
pub(super) use self::response::properties;
use self::{client::Client, hub::Hub, patience::Patience, response::Response, upload::Upload};
pub(super) use self::{stream::Stream, upload::Framing};
use super::{Proxy, answer::Answer, exchange::Exchange, failure, headers::Changes, page};

/// A request on its way.
pub(super) struct Passage<'p, C> {
    proxy: &'p Proxy,
    client: C,
    exchange: Box<Exchange>,
    method: Method,
    /// Whether the client wants the answer to be the last of its connection.
    last: bool,
    /// Whether the hub has not got all of the request.
    unsent: bool,
    patience: Patience,
}

/// What became of a request.
pub(super) enum Outcome {
    /// The answer went whole.
    Whole {
        /// It was the last of its connection.
        last: bool,
        /// Some of the request was not read.
        unsent: bool,
    },
    /// There is none; the client is told this.
    Told(Box<Answer>),
    /// The answer was cut short, or nobody was there to hear it.
    Cut,
}

/// Why there is no answer of the hub's.
enum Fault {
    /// The connection had ended before the hub could hear of the request.
    Stale,
    /// Nobody is there to be answered.
    Gone,
    /// What the client is told.
    Told(Box<Answer>),
}

/// What happened while the hub was waited for.
enum Event {
    /// It said so many bytes; it hung up when none.
    Heard(usize),
    /// The client has hung up.
    Gone,
    /// The hub does nothing for too long.
    Late,
    /// The client may not go on; it is told this.
    Refused(fn() -> Answer),
}

/// Bytes received at a time at first, and at most.
const PIECE: usize = 8 * 1024;
const LARGE_PIECE: usize = 64 * 1024;
/// Received at a time where memory is short.
const SMALL_PIECE: usize = 1024;

/// Whether an admitted request can go this way.
pub(super) fn suits(exchange: &Exchange, fields: &HeaderMap) -> bool {
    let plain = exchange.route.as_ref().is_some_and(Route::is_plain);
    plain && !fields.contains_key(header::EXPECT)
}

/// The head of a request as the hub hears it.
pub(super) fn head<'h>(
    method: &Method,
    target: &str,
    fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    changes: &'h Changes<'_>,
    framing: &Framing,
) -> BytesMut {
    let mut wire = BytesMut::with_capacity(1024);
    for part in [method.as_str(), " ", target, " HTTP/1.1\r\n"] {
        wire.put_slice(part.as_bytes());
    }
    changes.write(fields, &mut wire);
    if matches!(framing, Framing::Chunks) {
        wire.put_slice(b"Transfer-Encoding: chunked\r\n");
    }
    wire.put_slice(b"\r\n");
    wire
}

impl<'p, C: Client> Passage<'p, C> {
    /// An admitted request; `last` says that the client wants no other after it.
    pub(super) fn new(
        proxy: &'p Proxy,
        client: C,
        exchange: Box<Exchange>,
        method: Method,
        last: bool,
    ) -> Self {
        let silence = exchange.route.as_ref().map(Route::silence);
        Self {
            patience: Patience::of(silence.unwrap_or(Duration::ZERO)),
            unsent: false,
            proxy,
            client,
            exchange,
            method,
            last,
        }
    }

    /// Brings the request to the hub and its answer back, and writes the log line unless the
    /// client is still to be answered.
    pub(super) async fn run(
        mut self,
        head: &[u8],
        framing: Framing,
    ) -> (C, Box<Exchange>, Outcome) {
        let ended = self.exchange.ended();
        let answered = tokio::select! {
            biased;
            () = ended => Err(Fault::Gone),
            answered = self.answered(head, framing) => answered,
        };
        let outcome = match answered {
            Ok((hub, response)) => self.relay(hub, response).await,
            Err(Fault::Told(answer)) => Outcome::Told(answer),
            Err(Fault::Gone | Fault::Stale) => {
                self.record(499, 0);
                Outcome::Cut
            }
        };
        (self.client, self.exchange, outcome)
    }

    fn record(&mut self, status: u16, sent: u64) {
        self.exchange.answered = Some((status, sent));
        self.proxy.record(&self.exchange);
    }

    /// The hub's answer; who had hung up before is asked once more, where that changes nothing.
    async fn answered(
        &mut self,
        head: &[u8],
        framing: Framing,
    ) -> Result<(Hub, Response<C::Answer>), Fault> {
        let again = matches!(framing, Framing::Nothing) && self.method.is_idempotent();
        let mut used = true;
        loop {
            let reached = Hub::reach(self.proxy, &mut self.exchange, used).await;
            let mut hub = reached.map_err(told)?;
            match self.ask(&mut hub, head, framing).await {
                Err(Fault::Stale) if hub.used && again => used = false,
                Err(Fault::Stale) => return Err(self.broken("its connection ends before it")),
                answered => return Ok((hub, answered?)),
            }
        }
    }

    /// Sends the request and reads answers to the final one.
    async fn ask(
        &mut self,
        hub: &mut Hub,
        head: &[u8],
        framing: Framing,
    ) -> Result<Response<C::Answer>, Fault> {
        let mut heard = BytesMut::new();
        let mut upload = Upload::new(head, framing, &self.exchange);
        self.patience.renew();
        loop {
            let event = poll_fn(|context| self.poll(context, hub, &mut upload, &mut heard)).await;
            match event {
                Event::Heard(0) if heard.is_empty() => return Err(Fault::Stale),
                Event::Heard(0) => return Err(self.broken("its head breaks off")),
                Event::Heard(_) => {}
                Event::Gone => return Err(Fault::Gone),
                Event::Refused(answer) => return Err(told(answer())),
                Event::Late => {
                    failure::tell_hub(&self.exchange, "none in time");
                    return Err(told(page::hub_slow()));
                }
            }
            self.unsent = !upload.has_ended();
            if let Some(response) = self.heard(&mut heard).await? {
                return Ok(response);
            }
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        hub: &mut Hub,
        upload: &mut Upload,
        heard: &mut BytesMut,
    ) -> Poll<Event> {
        let client = &mut self.client;
        let sending = upload.poll(context, client, &mut hub.stream, &mut self.exchange);
        if let Poll::Ready(Err(event)) = sending {
            return Poll::Ready(event);
        }
        if let Poll::Ready(read) = poll_read(context, hub, heard, self.first_piece()) {
            return Poll::Ready(Event::Heard(read.unwrap_or(0)));
        }
        if upload.has_ended() && self.client.poll_gone(context).is_ready() {
            return Poll::Ready(Event::Gone);
        }
        self.patience.poll(context).map(|()| Event::Late)
    }

    /// Reads what was heard: interim answers go on at once, the final one ends it.
    async fn heard(&mut self, heard: &mut BytesMut) -> Result<Option<Response<C::Answer>>, Fault> {
        loop {
            let last = self.last || self.unsent || self.proxy.drain.has_begun();
            let read = Response::read::<C>(heard, &self.method, &self.exchange, last);
            let Some(response) = read.map_err(|why| self.broken(why))? else {
                return Ok(None);
            };
            if !response.status.is_informational() {
                return Ok(Some(response));
            }
            let sent = self.client.hint(response.head).await;
            sent.map_err(|_| Fault::Gone)?;
        }
    }

    /// Received at a time before the answer's head is there.
    fn first_piece(&self) -> usize {
        match self.exchange.link.memory.is_tight() {
            true => SMALL_PIECE,
            false => PIECE,
        }
    }

    fn broken(&self, why: &str) -> Fault {
        failure::tell_hub(&self.exchange, why);
        told(page::hub_broken())
    }
}

/// Reads at most so many bytes, into a buffer that is made once some are there.
fn poll_read(
    context: &mut Context<'_>,
    hub: &mut Hub,
    buffer: &mut BytesMut,
    most: usize,
) -> Poll<io::Result<usize>> {
    ready!(hub.stream.poll_read_ready(context))?;
    buffer.reserve(most);
    let mut limited = buffer.limit(most);
    pin!(hub.stream.read_buf(&mut limited)).poll(context)
}

fn told(answer: Answer) -> Fault {
    Fault::Told(Box::new(answer))
}

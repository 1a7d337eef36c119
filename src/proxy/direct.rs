//! An admitted request on its way to a server and its response back, from buffer to socket.
//!
//! The gate has decided before; `headers` says what of a head is dropped and set.

mod client;
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
use http::{Method, Version};
use tokio::io::AsyncReadExt;

use crate::{
    fields::Fields,
    upstream::{Connection, Reuse, Route},
};

#[cfg(any(fuzzing, test))]
pub(super) use self::response::properties;
pub(super) use self::{client::Client, stream::Stream, upload::Framing};
use self::{
    patience::Patience,
    response::{Asked, Response},
    upload::Upload,
};
use super::{Proxy, answer::Answer, exchange::Exchange, failure, headers::Changes, page};

/// A request on its way.
pub(super) struct Passage<'p, C> {
    proxy: &'p Proxy,
    client: C,
    exchange: Box<Exchange>,
    method: Method,
    /// Whether the client wants the answer to be the last of its connection.
    last: bool,
    /// Whether the request opens a WebSocket.
    is_upgrade: bool,
    /// The request, as far as the server has not got it.
    upload: Option<Upload>,
    patience: Patience,
}

/// What became of a request.
pub(super) enum Outcome<A> {
    /// The answer went whole.
    Whole {
        /// It was the last of its connection.
        last: bool,
        /// Some of the request was not read.
        unread: bool,
    },
    /// There is none; the client is told this.
    Told(Box<Answer>),
    /// The answer was cut short, or nobody was there to hear it.
    Cut,
    /// The server switches to the WebSocket protocol.
    Switched(Box<Switched<A>>),
}

/// A 101 and the connection that it came on (RFC 9110, section 15.2.2).
pub(super) struct Switched<A> {
    /// The connection.
    pub(super) hub: Connection,
    /// The head of the 101.
    pub(super) head: A,
    /// Bytes of the WebSocket that came with it.
    pub(super) early: BytesMut,
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

/// The head of a request as the hub hears it.
pub(super) fn head(
    method: &Method,
    target: &str,
    fields: &Fields<'_>,
    changes: &Changes<'_>,
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
            upload: None,
            proxy,
            client,
            exchange,
            method,
            last,
            is_upgrade: false,
        }
    }

    /// The same for a request that opens a WebSocket: on a connection of its own, and the last of
    /// the client's unless the server switches.
    pub(super) fn upgrading(mut self) -> Self {
        self.is_upgrade = true;
        self.last = true;
        self
    }

    /// Brings the request to the hub and its answer back, and writes the log line unless the
    /// client is still to be answered.
    pub(super) async fn run(
        mut self,
        head: &[u8],
        framing: Framing,
    ) -> (C, Box<Exchange>, Outcome<C::Answer>) {
        let ended = self.exchange.ended();
        let answered = tokio::select! {
            biased;
            () = ended => Err(Fault::Gone),
            answered = self.answered(head, framing) => answered,
        };
        let outcome = match answered {
            Ok((hub, response)) if response.switches() => Outcome::switched(hub, response),
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
    ) -> Result<(Connection, Response<C::Answer>), Fault> {
        let again = matches!(framing, Framing::Nothing) && self.method.is_idempotent();
        let mut reuse = match again {
            _ if self.is_upgrade => Reuse::Never,
            true => Reuse::Any,
            false => Reuse::Recent,
        };
        loop {
            let mut hub = self.connect(reuse).await?;
            match self.ask(&mut hub, head, framing).await {
                Err(Fault::Stale) if hub.used && again => reuse = Reuse::Never,
                Err(Fault::Stale) => return Err(self.broken("its connection ends before it")),
                answered => return Ok((hub, answered?)),
            }
        }
    }

    /// Connects to a server, unless the client leaves meanwhile.
    async fn connect(&mut self, reuse: Reuse) -> Result<Connection, Fault> {
        let Some(route) = &mut self.exchange.route else {
            return Err(told(failure::internal()));
        };
        let client = &mut self.client;
        let gone = poll_fn(|context| match client.has_sent() {
            true => client.poll_gone(context),
            false => Poll::Pending,
        });
        tokio::select! {
            biased;
            connected = self.proxy.hubs.connect(route, reuse) => {
                connected.map_err(|why| told(failure::unreachable(why)))
            }
            () = gone => Err(Fault::Gone),
        }
    }

    /// Sends the request and reads answers to the final one.
    async fn ask(
        &mut self,
        hub: &mut Connection,
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
                Event::Heard(_) => hub.answers(),
                Event::Gone => return Err(Fault::Gone),
                Event::Refused(answer) => return Err(told(answer())),
                Event::Late => {
                    failure::tell_hub(&self.exchange, "none in time");
                    return Err(told(page::hub_slow()));
                }
            }
            let unsent = !upload.has_ended();
            if let Some(response) = self.heard(&mut heard, unsent).await? {
                self.upload = unsent.then_some(upload);
                return Ok(response);
            }
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        hub: &mut Connection,
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
        hub.poll_starving(context);
        self.patience.poll(context).map(|()| Event::Late)
    }

    /// Reads what was heard: interim answers go on at once, the final one ends it. HTTP/1.0 knows
    /// no interim ones (RFC 9110, section 15.2).
    async fn heard(
        &mut self,
        heard: &mut BytesMut,
        unsent: bool,
    ) -> Result<Option<Response<C::Answer>>, Fault> {
        loop {
            let asked = Asked {
                method: &self.method,
                is_upgrade: self.is_upgrade,
                last: self.last || unsent || self.proxy.drain.has_begun(),
            };
            let read = Response::read::<C>(heard, &asked, &self.exchange);
            let Some(response) = read.map_err(|why| self.broken(why))? else {
                return Ok(None);
            };
            if response.is_final() {
                return Ok(Some(response));
            }
            if self.exchange.said.version != Version::HTTP_10 {
                let sent = self.client.hint(response.head).await;
                sent.map_err(|_| Fault::Gone)?;
            }
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

impl<A> Outcome<A> {
    fn switched(hub: Connection, response: Response<A>) -> Self {
        Self::Switched(Box::new(Switched {
            hub,
            head: response.head,
            early: response.first,
        }))
    }
}

/// Reads at most so many bytes, into a buffer that is made once some are there.
fn poll_read(
    context: &mut Context<'_>,
    hub: &mut Connection,
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

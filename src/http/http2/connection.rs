//! HTTP/2 connections: the `h2` crate speaks in frames, and every stream is judged here.
//!
//! Streams are accepted in a loop of hubgate's own, so that it can refuse one that does not fit
//! into the connection's memory, send GOAWAY and end the connection in time.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    active_streams::{Active, ActiveStream},
    exchange::{self, Opened, STREAM},
    stream::Stream,
};
use crate::{
    http::{http1::request_head::MOST_FIELDS, proxy::Proxy},
    transport::{
        client_stream::{ClientStream, Gate},
        connection_info::ConnectionInfo,
        memory_budget::Charge,
    },
};

/// A request, and what responds to it.
type Accepted = (http::Request<RecvStream>, SendResponse<Bytes>);

/// One connection.
struct Connection {
    h2: h2::server::Connection<ClientStream, Bytes>,
    /// When it was told GOAWAY.
    leaving: Option<Instant>,
    /// Requests that were malformed.
    malformed: usize,
    /// Streams refused since the last that was accepted.
    refused: usize,
    /// The stream whose head does not fit yet.
    waiting: Option<Waiting>,
    state: State,
}

/// The part of a connection that its timers read.
struct State {
    proxy: Arc<Proxy>,
    gate: Arc<Gate>,
    connection: Arc<ConnectionInfo>,
    active: Active,
    /// For a client to confirm GOAWAY.
    header_time: Duration,
}

/// A stream that waits for room.
struct Waiting {
    accepted: Box<Accepted>,
    bytes: usize,
    /// Its head is held meanwhile.
    _held: Charge,
    /// When it is refused.
    until: Instant,
}

/// The next event of a connection.
enum Event {
    Stream(Box<Accepted>),
    /// The stream that waits fits, or has waited for long enough.
    Room,
    /// The client floods, or is too slow.
    Fault,
    Closed,
}

/// Streams of one connection at a time.
const STREAMS: u32 = 100;
/// Bytes of a header list, as RFC 9113, section 6.5.2 counts them.
const HEADER_LIST: u32 = 64 * 1024;
/// Bytes that `h2` queues for a stream.
const SEND_BUFFER: usize = 128 * 1024;
/// Bytes that buffered DATA frames may fall short of 256 each: those of a whole window in frames of
/// 128 bytes, and of smaller ones as many as the frame limit lets through.
const SMALL_FRAMES: usize = 128 * 1024;
/// Malformed requests of a connection at most.
const MOST_MALFORMED: usize = 32;
/// Streams refused one after the other at most.
const MOST_REFUSED: usize = 128;
/// How long GOAWAY may take to be sent.
const GOODBYE: Duration = Duration::from_secs(1);
/// Bytes of its task, of what HTTP/2 and the engine need for it and of the way to the hub, which
/// count in all only.
const TASK: usize = 8 * 1024;
/// How long a stream waits until its head fits into the memory of its connection; nothing behind it
/// is read meanwhile.
const ROOM: Duration = Duration::from_secs(5);
/// Bytes that a field occupies beside its name and value.
const FIELD: usize = 96;

/// Serves a connection to its end; the preface has to come within `header_time`.
pub async fn serve(proxy: &Arc<Proxy>, client: ClientStream, header_time: Duration) {
    let (Some(gate), connection) = (client.gate(), client.connection().clone()) else {
        return;
    };
    let begun = timeout(header_time, options().handshake(client)).await;
    let Ok(Ok(h2)) = begun else { return };
    let connection = Connection {
        h2,
        leaving: None,
        malformed: 0,
        refused: 0,
        waiting: None,
        state: State {
            proxy: proxy.clone(),
            gate,
            connection,
            active: Active::default(),
            header_time,
        },
    };
    connection.run().await;
}

fn options() -> Builder {
    let mut options = Builder::new();
    options.max_concurrent_streams(STREAMS);
    options.max_header_list_size(HEADER_LIST);
    options.max_send_buffer_size(SEND_BUFFER);
    options.data_frame_budget(SMALL_FRAMES);
    options
}

impl Connection {
    async fn run(mut self) {
        let reason = loop {
            tokio::select! {
                biased;
                () = self.state.told_to_leave(), if self.leaving.is_none() => self.leave(),
                () = self.state.over(self.leaving.is_some()) => break Reason::NO_ERROR,
                event = next(&mut self.h2, &self.state, self.waiting.as_ref()) => match event {
                    Event::Stream(accepted) => self.accept(accepted),
                    Event::Room => self.begin_waiting(),
                    Event::Fault => break Reason::ENHANCE_YOUR_CALM,
                    Event::Closed => return,
                },
            }
            if self.malformed >= MOST_MALFORMED || self.refused >= MOST_REFUSED {
                break Reason::ENHANCE_YOUR_CALM;
            }
        };
        self.go_away(reason).await;
    }

    fn leave(&mut self) {
        self.h2.graceful_shutdown();
        self.leaving = Some(Instant::now());
    }

    /// Ends the connection with GOAWAY; resets of streams that are pending go first.
    async fn go_away(mut self, reason: Reason) {
        poll_fn(|context| Poll::Ready(self.h2.poll_closed(context).is_ready())).await;
        self.h2.abrupt_shutdown(reason);
        let closed = poll_fn(|context| self.h2.poll_closed(context));
        timeout(GOODBYE, closed).await.ok();
    }

    /// Begins a stream, or lets it wait for room.
    fn accept(&mut self, accepted: Box<Accepted>) {
        let bytes = occupied(&accepted.0);
        // What is answered with 431 is not worth a wait.
        let may_not_pass = accepted.0.headers().len() > MOST_FIELDS;
        let memory = &self.state.connection.memory;
        if memory.has_room(bytes) || self.is_late() || may_not_pass {
            return self.begin(*accepted, bytes);
        }
        self.waiting = Some(Waiting {
            accepted,
            bytes,
            _held: memory.overhead(bytes),
            until: Instant::now() + ROOM,
        });
    }

    fn begin_waiting(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.begin(*waiting.accepted, waiting.bytes);
        }
    }

    /// Begins a stream, or refuses it where its head does not fit.
    fn begin(&mut self, (request, mut responder): Accepted, bytes: usize) {
        let malformed = exchange::well_formed(&request).err();
        self.malformed += usize::from(malformed.is_some());
        let memory = &self.state.connection.memory;
        if self.is_late() || !memory.has_room(bytes) {
            responder.send_reset(Reason::REFUSED_STREAM);
            self.refused += 1;
            return;
        }
        self.refused = 0;
        let (held, task) = (memory.charge(bytes), memory.overhead(TASK));
        let active = self.state.active.enter();
        let (proxy, connection) = (self.state.proxy.clone(), self.state.connection.clone());
        let (head, body) = request.into_parts();
        let opened = Box::new(Opened {
            head,
            stream: Stream::new(body, responder, connection.clone()),
            connection,
            held,
            malformed,
        });
        tokio::spawn(async move {
            opened.serve(&proxy).await;
            drop::<(ActiveStream, Charge)>((active, task));
        });
    }

    /// Whether the client goes on opening streams though it was told GOAWAY.
    fn is_late(&self) -> bool {
        let limit = self.state.header_time;
        self.leaving.is_some_and(|told| told.elapsed() > limit)
    }
}

impl State {
    /// Waits until the connection is to end with the requests under way.
    async fn told_to_leave(&self) {
        tokio::select! {
            () = self.proxy.drain.begun() => {}
            () = self.connection.leave.cancelled() => {}
        }
    }

    /// Waits until nothing is under way for too long.
    async fn over(&self, leaving: bool) {
        self.active.none().await;
        let wait = match leaving {
            true if self.connection.is_stalled() => return,
            true => self.header_time,
            false => self.proxy.sites().config.limits.idle,
        };
        sleep(wait).await;
    }
}

/// The next event.
async fn next(
    h2: &mut h2::server::Connection<ClientStream, Bytes>,
    state: &State,
    waiting: Option<&Waiting>,
) -> Event {
    match waiting {
        None => next_stream(h2, state).await,
        Some(waiting) => room(h2, state, waiting).await,
    }
}

/// The next stream; whenever `h2` has nothing to accept, the frames behind the last header block
/// may go on.
async fn next_stream(h2: &mut h2::server::Connection<ClientStream, Bytes>, state: &State) -> Event {
    let accepted = poll_fn(|context| {
        loop {
            let accepted = h2.poll_accept(context);
            if state.gate.fault().is_some() {
                return Poll::Ready(None);
            }
            if accepted.is_ready() || !state.gate.open() {
                return accepted.map(Some);
            }
        }
    });
    match accepted.await {
        None => Event::Fault,
        Some(Some(Ok(accepted))) => Event::Stream(Box::new(accepted)),
        Some(None | Some(Err(_))) => Event::Closed,
    }
}

/// Waits for room for a stream; `h2` goes on sending, and gets no further frame.
async fn room(
    h2: &mut h2::server::Connection<ClientStream, Bytes>,
    state: &State,
    waiting: &Waiting,
) -> Event {
    let room = state.connection.memory.room_for(waiting.bytes);
    tokio::select! {
        biased;
        _ = timeout_at(waiting.until, room) => Event::Room,
        _ = poll_fn(|context| h2.poll_closed(context)) => Event::Closed,
    }
}

/// Bytes that a stream occupies when it begins.
fn occupied(request: &http::Request<RecvStream>) -> usize {
    let target = request.uri().path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    STREAM + fields_bytes(request.headers()) + target
}

/// Bytes that the fields of a head occupy.
pub(super) fn fields_bytes(fields: &http::HeaderMap) -> usize {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + FIELD
    };
    fields.iter().map(field).sum()
}

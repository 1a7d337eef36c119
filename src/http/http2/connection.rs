//! HTTP/2 connections: the `h2` crate frames them, this module accepts their streams.
//!
//! It refuses a stream that does not fit into the connection's memory budget, sends GOAWAY, and
//! closes a connection that is idle or floods.

mod state;

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use tokio::time::{Instant, timeout};

use self::state::{Departure, State};
use super::{
    active_streams::{Active, ActiveStream},
    exchange::{Opened, STREAM},
    stream::Stream,
};
use crate::{
    http::{
        http1::request_head::{MOST_FIELDS, Malformed},
        proxy::Proxy,
    },
    transport::{client_stream::ClientStream, memory_budget::Charge},
};

/// A stream that `h2` has accepted.
struct Accepted {
    request: http::Request<RecvStream>,
    responder: SendResponse<Bytes>,
}

/// One connection.
struct Connection {
    h2: h2::server::Connection<ClientStream, Bytes>,
    /// The time at which GOAWAY was sent.
    leaving: Option<Instant>,
    /// Malformed requests received.
    malformed: usize,
    /// Streams refused since the last accepted one.
    refused: usize,
    /// The stream that waits until its head fits into the memory budget.
    waiting: Option<Waiting>,
    departure: Departure,
    state: State,
}

/// A stream that waits until its head fits into the memory budget.
struct Waiting {
    accepted: Box<Accepted>,
    bytes: usize,
    /// The charge for the head, against the limit of all connections only.
    _held: Charge,
    /// The time at which the stream is refused.
    until: Instant,
}

/// The next event of a connection.
enum Event {
    Stream(Box<Accepted>),
    /// The waiting stream fits, or its wait is over.
    Room,
    /// The client breaks a limit of frames.
    Fault,
    Closed,
}

/// Concurrent streams of a connection (SETTINGS_MAX_CONCURRENT_STREAMS).
const STREAMS: u32 = 100;
/// Bytes of a field section (SETTINGS_MAX_HEADER_LIST_SIZE; RFC 9113, section 6.5.2).
const HEADER_LIST: u32 = 64 * 1024;
/// Bytes that `h2` queues for a stream.
const SEND_BUFFER: usize = 128 * 1024;
/// Sum of the bytes by which buffered DATA frames may be smaller than 256: a whole window in
/// frames of 128 bytes. The frame limit bounds smaller ones.
const SMALL_FRAMES: usize = 128 * 1024;
/// Malformed requests of a connection at most.
const MOST_MALFORMED: usize = 32;
/// Streams refused in a row at most.
const MOST_REFUSED: usize = 128;
/// Time in which the last GOAWAY has to be sent.
const GOODBYE: Duration = Duration::from_secs(1);
/// Bytes of a stream's task, of the state of `h2` and of the upstream connection, charged against
/// the limit of all connections only.
const TASK: usize = 8 * 1024;
/// Time for which a stream waits until its head fits into the memory budget; no later frame is
/// read meanwhile.
const ROOM: Duration = Duration::from_secs(5);
/// Bytes that a field occupies beside its name and value.
const FIELD: usize = 96;

/// Serves a connection until it closes; the preface has to arrive within `header_time`.
pub async fn serve(proxy: &Arc<Proxy>, client: ClientStream, header_time: Duration) {
    let (Some(gate), connection) = (client.gate(), client.connection().clone()) else {
        return;
    };
    let begun = timeout(header_time, Connection::options().handshake(client)).await;
    let Ok(Ok(h2)) = begun else { return };
    let connection = Connection {
        h2,
        leaving: None,
        malformed: 0,
        refused: 0,
        waiting: None,
        departure: Departure::new(proxy, &connection),
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

impl Connection {
    fn options() -> Builder {
        let mut options = Builder::new();
        options.max_concurrent_streams(STREAMS);
        options.max_header_list_size(HEADER_LIST);
        options.max_send_buffer_size(SEND_BUFFER);
        options.data_frame_budget(SMALL_FRAMES);
        options
    }

    async fn run(mut self) {
        let reason = loop {
            tokio::select! {
                biased;
                () = self.departure.asked(), if self.leaving.is_none() => self.leave(),
                () = self.state.timed_out(self.leaving.is_some()) => break Reason::NO_ERROR,
                event = self.state.next(&mut self.h2, self.waiting.as_ref()) => match event {
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

    /// Closes the connection with GOAWAY, after the stream resets that are pending.
    async fn go_away(mut self, reason: Reason) {
        poll_fn(|context| Poll::Ready(self.h2.poll_closed(context).is_ready())).await;
        self.h2.abrupt_shutdown(reason);
        let closed = poll_fn(|context| self.h2.poll_closed(context));
        timeout(GOODBYE, closed).await.ok();
    }

    /// Begins a stream, or lets it wait until its head fits.
    fn accept(&mut self, accepted: Box<Accepted>) {
        let bytes = accepted.bytes();
        // The response to too many fields (431) does not wait.
        let has_too_many_fields = accepted.request.headers().len() > MOST_FIELDS;
        let memory = &self.state.connection.memory;
        if memory.has_room(bytes) || self.is_late() || has_too_many_fields {
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

    /// Begins a stream, or refuses it if its head does not fit.
    fn begin(&mut self, accepted: Accepted, bytes: usize) {
        let Accepted {
            request,
            mut responder,
        } = accepted;
        let malformed = Malformed::check_http2(&request).err();
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

    /// Reports whether the time for new streams after GOAWAY is over.
    fn is_late(&self) -> bool {
        let limit = self.state.header_time;
        self.leaving.is_some_and(|sent| sent.elapsed() > limit)
    }
}

impl Accepted {
    /// Bytes that the stream occupies when it begins.
    fn bytes(&self) -> usize {
        let target = self.request.uri().path_and_query();
        let target = target.map_or(0, |target| target.as_str().len());
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len() + FIELD
        };
        let fields: usize = self.request.headers().iter().map(field).sum();
        STREAM + fields + target
    }
}

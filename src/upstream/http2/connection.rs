//! One connection of HTTP/2 to a server, driven by a task of its own.
//!
//! Nothing is sent on it before the server's SETTINGS have come: they say how many streams it
//! allows, and that it speaks HTTP/2 at all.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::uri::Scheme;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::{
    CONNECT, UpstreamStream,
    dial::{Dialer, Fault},
    route::Target,
};

/// A connection that is shared by streams.
pub(super) struct Connection {
    requests: SendRequest<Bytes>,
    scheme: Scheme,
    /// Streams that the server allows at a time; its sender is dropped when the connection ends.
    allowed: watch::Receiver<usize>,
    streams: AtomicUsize,
    /// Set once no further stream may be opened.
    is_retired: AtomicBool,
    idle_since: Mutex<Instant>,
    _released: DropGuard,
}

/// Streams of one connection at most, whatever the server allows.
const MOST_STREAMS: usize = 100;
/// Bytes of a response that are received before the client has taken them.
pub(super) const WINDOW: u32 = 64 * 1024;
/// The same for all streams: none that is not read takes the window of another.
const WINDOW_IN_ALL: u32 = WINDOW * MOST_STREAMS as u32;
/// Bytes of a request's body that are queued for the connection.
const SEND_BUFFER: usize = 32 * 1024;
/// Bytes of a header list, as RFC 9113, section 6.5.2 counts them.
const HEADER_LIST: u32 = 256 * 1024;
/// Lifetime of a connection without a stream.
const IDLE: Duration = Duration::from_secs(60);
/// Time for GOAWAY to be sent on a connection that is not needed any more.
const GOODBYE: Duration = Duration::from_secs(5);

impl Connection {
    /// Connects to a server; `changed` is called when it allows another number of streams, and at
    /// the connection's end.
    pub(super) async fn open(
        dialer: &Dialer,
        target: &Target,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let stream = dialer.open(target).await?;
        if target.is_tls() && !stream.has_agreed_to_http2() {
            return Err(Fault::Http2(
                "it does not agree to HTTP/2 over TLS (ALPN): turn HTTP/2 on there, or remove `http2`"
                    .to_owned(),
            ));
        }
        let scheme = match target.is_tls() {
            true => Scheme::HTTPS,
            false => Scheme::HTTP,
        };
        let beginning = timeout(CONNECT, Self::begin(stream, scheme, changed));
        beginning.await.unwrap_or_else(|_| {
            Err(no_http2(
                "no SETTINGS, or none that allow a stream, in time",
            ))
        })
    }

    async fn begin(
        stream: UpstreamStream,
        scheme: Scheme,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let begun = options().handshake(stream).await;
        let (requests, connection) = begun.map_err(|error| no_http2(&error.to_string()))?;
        let (allow, mut allowed) = watch::channel(0);
        let released = CancellationToken::new();
        let end = Arc::new(OnceLock::new());
        let driven = drive(connection, allow, changed, end.clone());
        let until = released.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = driven => {}
                () = goodbye(&until) => {}
            }
        });
        if allowed.wait_for(|streams| *streams > 0).await.is_err() {
            return Err(no_http2(end.get().map_or("it hangs up", String::as_str)));
        }
        Ok(Self {
            requests,
            scheme,
            allowed,
            streams: AtomicUsize::new(0),
            is_retired: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            _released: released.drop_guard(),
        })
    }

    /// What opens a stream, and the scheme of its request.
    pub(super) fn requests(&self) -> (SendRequest<Bytes>, Scheme) {
        (self.requests.clone(), self.scheme.clone())
    }

    /// Counts one more stream, where there is room for it.
    pub(super) fn enter(&self) -> bool {
        let room = (*self.allowed.borrow()).min(MOST_STREAMS);
        let streams = self.streams.load(Ordering::Acquire);
        let enters = !self.is_over() && streams < room;
        if enters {
            self.streams.fetch_add(1, Ordering::AcqRel);
        }
        enters
    }

    /// Counts one less.
    pub(super) fn leave(&self) {
        *self.idle_since() = Instant::now();
        self.streams.fetch_sub(1, Ordering::AcqRel);
    }

    /// Opens no further stream.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
    }

    /// Whether it may be dropped: its last stream has ended, and none is to be expected.
    pub(super) fn is_unused(&self) -> bool {
        let is_idle = self.streams.load(Ordering::Acquire) == 0;
        is_idle && (self.is_over() || self.idle_since().elapsed() > IDLE)
    }

    /// Whether it opens no further stream.
    pub(super) fn is_over(&self) -> bool {
        self.is_retired.load(Ordering::Acquire) || self.allowed.has_changed().is_err()
    }

    fn idle_since(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn options() -> Builder {
    let mut options = Builder::new();
    options
        .enable_push(false)
        .initial_max_send_streams(0)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW_IN_ALL)
        .max_send_buffer_size(SEND_BUFFER)
        .max_header_list_size(HEADER_LIST);
    options
}

fn no_http2(why: &str) -> Fault {
    Fault::Http2(format!(
        "it does not speak HTTP/2 ({why}): turn it on there, or remove `http2`"
    ))
}

/// Drives a connection to its end, and notes how many streams the server allows, and what was
/// wrong.
async fn drive(
    connection: h2::client::Connection<UpstreamStream, Bytes>,
    allow: watch::Sender<usize>,
    changed: impl Fn() + Sync,
    end: Arc<OnceLock<String>>,
) {
    let mut connection = pin!(connection);
    let ended = poll_fn(|context| {
        let polled = connection.as_mut().poll(context);
        let streams = connection.max_concurrent_send_streams();
        let has_changed = |before: &mut usize| std::mem::replace(before, streams) != streams;
        if allow.send_if_modified(has_changed) {
            changed();
        }
        polled
    });
    if let Err(error) = ended.await {
        end.get_or_init(|| error.to_string());
    }
    drop(allow);
    changed();
}

/// Waits until a connection that is not needed any more has had its time to end.
async fn goodbye(released: &CancellationToken) {
    released.cancelled().await;
    sleep(GOODBYE).await;
}

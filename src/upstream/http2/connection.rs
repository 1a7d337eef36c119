//! One HTTP/2 connection to a server, which a task drives.
//!
//! No request is sent on it before the server's SETTINGS, which show that the server supports
//! HTTP/2 and how many streams it allows.

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
use super::send_window::{SendWindow, Windowed};

/// A connection that requests share.
pub(super) struct Connection {
    requests: SendRequest<Bytes>,
    scheme: Scheme,
    /// Concurrent streams that the server allows; the sender is dropped when the connection ends.
    allowed: watch::Receiver<usize>,
    window: Arc<SendWindow>,
    /// Open streams.
    streams: AtomicUsize,
    /// Set once no further stream may be opened.
    is_retired: AtomicBool,
    idle_since: Mutex<Instant>,
    _released: DropGuard,
}

/// Most concurrent streams of a connection, even if the server allows more.
const MOST_STREAMS: usize = 100;
/// The flow-control window of a stream: bytes received before the client takes them.
pub(super) const WINDOW: u32 = 64 * 1024;
/// The connection's window: a stream that is not read does not stop another.
const CONNECTION_WINDOW: u32 = WINDOW * MOST_STREAMS as u32;
/// Bytes of a request's content that are queued for the connection.
const SEND_BUFFER: usize = 32 * 1024;
/// Bytes of a field section (SETTINGS_MAX_HEADER_LIST_SIZE; RFC 9113, section 6.5.2).
const HEADER_LIST: u32 = 256 * 1024;
/// Lifetime of a connection without a stream.
const IDLE: Duration = Duration::from_secs(60);
/// Time in which GOAWAY has to be sent on a dropped connection.
const GOODBYE: Duration = Duration::from_secs(5);

impl Connection {
    /// Connects to a server. `changed` is called when the server allows another number of streams,
    /// opens an exhausted window, and at the connection's end.
    pub(super) async fn open(
        dialer: &Dialer,
        target: &Target,
        changed: impl Fn() + Clone + Send + Sync + Unpin + 'static,
    ) -> Result<Self, Fault> {
        let stream = dialer.open(target).await?;
        if target.is_tls() && !stream.has_agreed_to_http2() {
            return Err(Fault::Http2(
                "it does not agree to HTTP/2 over TLS (ALPN): enable HTTP/2 on the hub, or remove `http2`"
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
        changed: impl Fn() + Clone + Send + Sync + Unpin + 'static,
    ) -> Result<Self, Fault> {
        let window = SendWindow::new();
        let stream = Windowed::new(stream, window.clone(), changed.clone());
        let begun = Self::options().handshake(stream).await;
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
            let why = end.get().map_or("it closes the connection", String::as_str);
            return Err(no_http2(why));
        }
        Ok(Self {
            requests,
            scheme,
            allowed,
            window,
            streams: AtomicUsize::new(0),
            is_retired: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            _released: released.drop_guard(),
        })
    }

    /// Returns the handle that opens streams, and the scheme of their requests.
    pub(super) fn requests(&self) -> (SendRequest<Bytes>, Scheme) {
        (self.requests.clone(), self.scheme.clone())
    }

    /// Counts one more stream if the connection has room for it; returns whether it has.
    pub(super) fn enter(&self) -> bool {
        let enters = self.has_room();
        if enters {
            self.streams.fetch_add(1, Ordering::AcqRel);
        }
        enters
    }

    /// Reports whether the connection has room for another stream.
    pub(super) fn has_room(&self) -> bool {
        let room = (*self.allowed.borrow()).min(MOST_STREAMS);
        !self.is_closed_to_streams() && self.streams.load(Ordering::Acquire) < room
    }

    /// Reports whether the server takes no content on any stream, and took none since `begin`.
    pub(super) fn is_exhausted_since(&self, begin: Instant) -> bool {
        self.window.is_exhausted_since(begin)
    }

    /// Counts one stream less.
    pub(super) fn leave(&self) {
        *self.idle_since() = Instant::now();
        self.streams.fetch_sub(1, Ordering::AcqRel);
    }

    /// Excludes the connection from new streams.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
    }

    /// Reports whether the connection may be closed: it has no stream, and takes none or has been
    /// idle for too long.
    pub(super) fn is_unused(&self) -> bool {
        let is_idle = self.streams.load(Ordering::Acquire) == 0;
        is_idle && (self.is_closed_to_streams() || self.idle_since().elapsed() > IDLE)
    }

    /// Reports whether the connection takes no further stream.
    pub(super) fn is_closed_to_streams(&self) -> bool {
        self.is_retired.load(Ordering::Acquire) || self.allowed.has_changed().is_err()
    }

    fn idle_since(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn options() -> Builder {
        let mut options = Builder::new();
        options
            .enable_push(false)
            .initial_max_send_streams(0)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(HEADER_LIST);
        options
    }
}

fn no_http2(why: &str) -> Fault {
    Fault::Http2(format!(
        "it does not speak HTTP/2 ({why}): enable HTTP/2 on the hub, or remove `http2`"
    ))
}

/// Drives a connection to its end; publishes the number of streams that the server allows, and the
/// error that ends it.
async fn drive<F: Fn() + Sync + Unpin>(
    connection: h2::client::Connection<Windowed<UpstreamStream, F>, Bytes>,
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

/// Waits until a connection was dropped and its time to send GOAWAY has passed.
async fn goodbye(released: &CancellationToken) {
    released.cancelled().await;
    sleep(GOODBYE).await;
}

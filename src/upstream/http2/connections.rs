//! The HTTP/2 connections to each server, and the assignment of streams to them.
//!
//! One connection is opened at a time. All requests that wait for it share its failure. A request
//! with content waits up to a second for a connection whose window is exhausted, before its head is
//! sent, and takes another one then: the hub may not read an upload that holds the window.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::{
    sync::Notify,
    time::{sleep_until, timeout},
};

use super::{Http2Request, Http2Stream, connection::Connection};
use crate::upstream::{
    dial::{Dialer, Fault},
    pool::{Key, QUEUED},
    route::Target,
};

/// The HTTP/2 connections to all servers.
#[derive(Default)]
pub(in crate::upstream) struct Connections(Mutex<HashMap<Key, Arc<ServerConnections>>>);

/// The HTTP/2 connections to one server.
#[derive(Default)]
pub(in crate::upstream) struct ServerConnections {
    state: Mutex<State>,
    /// Notified when a connection may have room for another stream.
    freed: Notify,
}

#[derive(Default)]
struct State {
    open: Vec<Arc<Connection>>,
    opening: Option<WeakShared<Opening>>,
}

/// The opening of a connection, which moves to `State::open`.
type Opening = BoxFuture<'static, Result<(), Arc<Fault>>>;

/// The dialer, the target, and the limit of connections to it.
type ConnectTarget<'w> = (&'w Dialer, &'w Target, Option<usize>);

/// Time for which a request waits for the window of a connection.
const WINDOW_WAIT: Duration = Duration::from_secs(1);
/// Connections that a request tries if they end before it is sent.
const ATTEMPTS: usize = 3;

/// The count of one stream on a connection, until dropped.
pub(super) struct Claimed {
    server: Arc<ServerConnections>,
    connection: Arc<Connection>,
}

/// The next step of a request.
enum Next {
    /// Open a stream on this connection.
    Stream(Arc<Connection>),
    /// Wait for a connection that is being opened.
    Opening(Shared<Opening>),
    /// Wait for the end of another stream.
    Full,
    /// Wait for the window of a connection.
    Exhausted,
}

/// The need of a request for the window of its connection.
#[derive(Clone, Copy)]
struct Content {
    /// Set if the request has content.
    is_any: bool,
    /// The time from which the request waits.
    begin: Instant,
}

impl Content {
    fn may_use(self, connection: &Connection) -> bool {
        !self.is_any || !connection.is_exhausted_since(self.begin)
    }

    /// The end of the wait for an exhausted window.
    fn deadline(self) -> Instant {
        self.begin + WINDOW_WAIT
    }
}

impl Connections {
    /// The connections to the server of a target.
    pub(in crate::upstream) fn server(&self, target: &Target) -> Arc<ServerConnections> {
        self.lock().entry(target.key()).or_default().clone()
    }

    /// Closes unused connections.
    pub(in crate::upstream) fn sweep(&self) {
        self.lock().retain(|_, server| {
            let is_empty = server.sweep();
            !is_empty || Arc::strong_count(server) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<ServerConnections>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerConnections {
    /// Opens a stream with the head of a request, on another connection if one has just ended;
    /// `ended` is set if the request has no content.
    ///
    /// # Errors
    /// The failure to open a connection, and `Busy` after [`QUEUED`].
    pub(in crate::upstream) async fn open_stream(
        self: Arc<Self>,
        target: ConnectTarget<'_>,
        request: &Http2Request,
        ended: bool,
    ) -> Result<Http2Stream, Arc<Fault>> {
        let mut fault = Arc::new(Fault::Busy);
        for _ in 0..ATTEMPTS {
            let claimed = self.clone().claim(target, !ended).await?;
            match claimed.send(request, ended) {
                Ok(stream) => return Ok(stream),
                Err(failed) => fault = failed,
            }
        }
        Err(fault)
    }

    /// Opens a stream with the head of a request without content, on a connection that closes after
    /// it.
    ///
    /// # Errors
    /// The failure to open the connection.
    pub(in crate::upstream) async fn open_apart(
        self: Arc<Self>,
        dialer: &Dialer,
        target: &Target,
        request: &Http2Request,
    ) -> Result<Http2Stream, Arc<Fault>> {
        let connection = Connection::open(dialer, target, || {}).await;
        let connection = Arc::new(connection.map_err(Arc::new)?);
        connection.enter();
        let claimed = Claimed {
            server: self,
            connection,
        };
        claimed.send(request, true)
    }

    /// Claims a stream on a connection, which is opened if necessary.
    async fn claim(
        self: Arc<Self>,
        way: ConnectTarget<'_>,
        has_content: bool,
    ) -> Result<Claimed, Arc<Fault>> {
        let content = Content {
            is_any: has_content,
            begin: Instant::now(),
        };
        let claiming = async {
            let mut awaited = None;
            loop {
                let freed = self.freed.notified();
                match self.next(way, awaited.take(), content) {
                    Next::Stream(connection) => return Ok::<_, Arc<Fault>>(connection),
                    Next::Full => freed.await,
                    Next::Exhausted => tokio::select! {
                        () = freed => {}
                        () = sleep_until(content.deadline().into()) => {}
                    },
                    // Held across a notification: an opening that no request awaits is dropped.
                    Next::Opening(opening) => tokio::select! {
                        biased;
                        opened = opening.clone() => opened?,
                        () = freed => awaited = Some(opening),
                    },
                }
            }
        };
        let claimed = timeout(QUEUED, claiming).await;
        let connection = claimed.map_err(|_| Arc::new(Fault::Busy))??;
        Ok(Claimed {
            server: self,
            connection,
        })
    }

    fn next(
        self: &Arc<Self>,
        (dialer, target, limit): ConnectTarget<'_>,
        awaited: Option<Shared<Opening>>,
        content: Content,
    ) -> Next {
        let mut state = self.lock();
        let mut open = state.open.iter();
        let fits =
            |connection: &&Arc<Connection>| content.may_use(connection) && connection.enter();
        if let Some(connection) = open.find(fits) {
            return Next::Stream(connection.clone());
        }
        let opening = || state.opening.as_ref().and_then(WeakShared::upgrade);
        if let Some(opening) = awaited.or_else(opening) {
            return Next::Opening(opening);
        }
        if state.has_exhausted(content) && Instant::now() < content.deadline() {
            return Next::Exhausted;
        }
        state.open.retain(|connection| !connection.is_unused());
        // A connection after GOAWAY does not count against the limit.
        let serving = state
            .open
            .iter()
            .filter(|connection| !connection.is_closed_to_streams());
        let serving = serving.count();
        if limit.is_some_and(|limit| serving >= limit) {
            let exhausted = state.open.iter().find(|connection| connection.enter());
            return exhausted.map_or(Next::Full, |connection| Next::Stream(connection.clone()));
        }
        let opening = self.clone().open(dialer.clone(), target.clone());
        let opening = opening.boxed().shared();
        state.opening = opening.downgrade();
        Next::Opening(opening)
    }

    async fn open(self: Arc<Self>, dialer: Dialer, target: Target) -> Result<(), Arc<Fault>> {
        let server = Arc::downgrade(&self);
        let changed = move || {
            if let Some(server) = server.upgrade() {
                server.freed.notify_waiters();
            }
        };
        let opened = Connection::open(&dialer, &target, changed).await;
        let mut state = self.lock();
        state.opening = None;
        state.open.push(Arc::new(opened.map_err(Arc::new)?));
        Ok(())
    }

    /// Closes unused connections; returns whether none is left.
    fn sweep(&self) -> bool {
        let mut closed = Vec::new();
        let mut state = self.lock();
        let (unused, open) = state
            .open
            .drain(..)
            .partition(|connection| connection.is_unused());
        state.open = open;
        closed.extend::<Vec<Arc<Connection>>>(unused);
        let is_empty = state.open.is_empty() && state.opening.is_none();
        drop(state);
        drop(closed);
        is_empty
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reports whether a connection has room for a stream, but no window for its content.
    fn has_exhausted(&self, content: Content) -> bool {
        let mut open = self.open.iter();
        open.any(|connection| connection.has_room() && !content.may_use(connection))
    }
}

impl Claimed {
    /// Sends the head of a request; `ended` is set if the request has no content.
    ///
    /// # Errors
    /// If the connection has ended; it is retired then.
    fn send(self, request: &Http2Request, ended: bool) -> Result<Http2Stream, Arc<Fault>> {
        let (mut requests, scheme) = self.connection.requests();
        let head = request.for_scheme(scheme);
        let head = head.map_err(|error| Arc::new(Fault::Http2(error.to_string())))?;
        match requests.send_request(head, ended) {
            Ok((response, body)) => Ok(Http2Stream::new(self, response, body)),
            Err(error) => {
                self.retire();
                Err(Arc::new(Fault::Http2(error.to_string())))
            }
        }
    }

    /// Excludes the connection from new streams.
    pub(super) fn retire(&self) {
        self.connection.retire();
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.connection.leave();
        self.server.freed.notify_one();
    }
}

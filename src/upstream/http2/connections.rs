//! The connections of HTTP/2 to each server, and which of them has room for another stream.
//!
//! One is opened at a time, however many requests wait for it; all of them hear of its failure.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::{sync::Notify, time::timeout};

use super::{Http2Request, Http2Stream, connection::Connection};
use crate::upstream::{
    dial::{Dialer, Fault},
    pool::{Key, QUEUED},
    route::Target,
};

/// The connections of HTTP/2 to all servers.
#[derive(Default)]
pub(in crate::upstream) struct Connections(Mutex<HashMap<Key, Arc<Server>>>);

/// Those to one server.
#[derive(Default)]
pub(in crate::upstream) struct Server {
    state: Mutex<State>,
    /// Rings when there may be room for another stream.
    freed: Notify,
}

#[derive(Default)]
struct State {
    open: Vec<Arc<Connection>>,
    opening: Option<WeakShared<Opening>>,
}

/// A connection that is being opened; in `State::open` once it is.
type Opening = BoxFuture<'static, Result<(), Arc<Fault>>>;

/// How a server is reached, and connections to it at most.
type Way<'w> = (&'w Dialer, &'w Target, Option<usize>);

/// Connections that a request tries, of those that end before it is sent.
const ATTEMPTS: usize = 3;

/// Room for one stream; free again when dropped.
pub(super) struct Claimed {
    server: Arc<Server>,
    connection: Arc<Connection>,
}

/// The next step of a request.
enum Next {
    Stream(Arc<Connection>),
    /// It waits for a connection that is being opened.
    Opening(Shared<Opening>),
    /// It waits for the end of another stream.
    Full,
}

impl Connections {
    /// The connections to this server.
    pub(in crate::upstream) fn server(&self, target: &Target) -> Arc<Server> {
        self.lock().entry(target.key()).or_default().clone()
    }

    /// Closes what is not needed any more.
    pub(in crate::upstream) fn sweep(&self) {
        self.lock().retain(|_, server| {
            let is_empty = server.sweep();
            !is_empty || Arc::strong_count(server) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Server>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Opens a stream with the head of a request; `ended` says that no body follows. Where a
    /// connection has just ended, another is taken.
    ///
    /// # Errors
    /// That of a connection which could not be opened, and `Busy` after [`QUEUED`].
    pub(in crate::upstream) async fn open_stream(
        self: Arc<Self>,
        way: Way<'_>,
        request: &Http2Request,
        ended: bool,
    ) -> Result<Http2Stream, Arc<Fault>> {
        let mut fault = Arc::new(Fault::Busy);
        for _ in 0..ATTEMPTS {
            let claimed = self.clone().claim(way).await?;
            match claimed.send(request, ended) {
                Ok(stream) => return Ok(stream),
                Err(ended) => fault = ended,
            }
        }
        Err(fault)
    }

    /// Claims room for a stream.
    async fn claim(
        self: Arc<Self>,
        (dialer, target, limit): Way<'_>,
    ) -> Result<Claimed, Arc<Fault>> {
        let claiming = async {
            let mut awaited = None;
            loop {
                let freed = self.freed.notified();
                match self.next(dialer, target, limit, awaited.take()) {
                    Next::Stream(connection) => return Ok::<_, Arc<Fault>>(connection),
                    Next::Full => freed.await,
                    // It is held while something else rings: without a request that waits for it,
                    // it is given up.
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
        dialer: &Dialer,
        target: &Target,
        limit: Option<usize>,
        awaited: Option<Shared<Opening>>,
    ) -> Next {
        let mut state = self.lock();
        if let Some(connection) = state.open.iter().find(|connection| connection.enter()) {
            return Next::Stream(connection.clone());
        }
        let opening = || state.opening.as_ref().and_then(WeakShared::upgrade);
        if let Some(opening) = awaited.or_else(opening) {
            return Next::Opening(opening);
        }
        state.open.retain(|connection| !connection.is_unused());
        // One that the server is leaving takes nothing from those that serve.
        let serving = state.open.iter().filter(|connection| !connection.is_over());
        let serving = serving.count();
        if limit.is_some_and(|limit| serving >= limit) {
            return Next::Full;
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

    /// Closes what is not needed any more; returns whether nothing is left.
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

impl Claimed {
    /// Sends the head of a request; `ended` says that no body follows.
    ///
    /// # Errors
    /// When the connection has ended, which takes no further stream then.
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

    /// Has no further stream opened on the connection.
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

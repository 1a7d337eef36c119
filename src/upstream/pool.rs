//! The pool of HTTP/1.1 connections to each server: open ones are counted, idle ones reused.
//!
//! An idle connection stays with the thread that used it last; one of another thread is moved
//! before a new one is opened. A connection with unread bytes or EOF is not reused. If a server
//! does not respond on a new connection, an idle one is closed: the server may have few sockets.

mod slot;

use std::{
    collections::HashMap,
    mem,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use tokio::sync::Notify;

pub(super) use self::slot::{Idle, Slot, StarvingRequest};

/// The connections to all servers.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Key, Arc<ServerConnections>, RandomState>>>);

/// Identifies connections that can serve the same requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// HTTP/1.1 in the clear, at this address.
    Plain(SocketAddr),
    /// Pingora's hash of address, name and trust.
    Other(u64),
}

/// The idle connections that a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// All: the request can be sent again if the server closes the connection at that moment.
    Any,
    /// Recently used ones: the request cannot be sent again, and the server may be closing an
    /// older one.
    Recent,
    /// None.
    Never,
}

/// The connections to one server.
#[derive(Default)]
pub(super) struct ServerConnections {
    /// Idle connections, by the group of the thread that used them last.
    idle: [Mutex<Vec<Idle>>; SHARDS],
    counts: Mutex<Counts>,
    /// Set while `counts` has to be read before a connection is returned or taken.
    is_scarce: AtomicBool,
    freed: Notify,
    wanted: Notify,
}

/// The counts of one server.
#[derive(Default)]
struct Counts {
    /// Open connections.
    open: usize,
    /// Requests that get no response on their new connection.
    starving: usize,
    /// Connections to close as soon as they are idle, at most one for each starving request.
    owed: usize,
    /// The time until which the server counts as one with few sockets.
    scarce_until: Option<Instant>,
}

thread_local! {
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

/// Number of groups of threads, each with its own idle connections.
const SHARDS: usize = 16;
/// Time for which a request waits for a connection within the limit.
pub(super) const QUEUED: Duration = Duration::from_secs(30);
/// Most idle connections to one server in a group of threads.
const MAX_IDLE: usize = 128;
/// Idle time up to which a connection counts as recently used.
const RECENT: Duration = Duration::from_secs(1);
/// Lifetime of idle connections to a server with few sockets.
const SCARCE: Duration = Duration::from_secs(1);
/// Time for which a server counts as one with few sockets.
const SCARCITY: Duration = Duration::from_secs(600);

impl Pool {
    /// Returns the connections to the server of a key.
    pub(super) fn server(&self, key: &Key) -> Arc<ServerConnections> {
        let mut servers = self.lock();
        if let Some(server) = servers.get(key) {
            return server.clone();
        }
        let server = Arc::<ServerConnections>::default();
        servers.insert(key.clone(), server.clone());
        server
    }

    /// Closes connections that were idle for too long, or that the server has closed.
    pub(super) fn sweep(&self) {
        let servers: Vec<_> = self.lock().values().cloned().collect();
        for server in servers {
            server.sweep();
        }
        self.lock().retain(|_, server| !server.is_unused());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<ServerConnections>, RandomState>> {
        lock(&self.0)
    }
}

impl ServerConnections {
    /// Claims an idle connection, or a slot for a new one; none if `limit` connections are in use.
    pub(super) fn claim(
        self: &Arc<Self>,
        limit: Option<usize>,
        reuse: Reuse,
    ) -> Option<Result<Idle, Slot>> {
        if let Some(idle) = self.take(reuse) {
            return Some(Ok(idle));
        }
        let slot = || Err(Slot(self.clone()));
        self.reserve(limit).then(slot)
    }

    /// Takes the most recently used idle connection, of this thread before those of others.
    pub(super) fn take(&self, reuse: Reuse) -> Option<Idle> {
        if reuse == Reuse::Never {
            return None;
        }
        let is_scarce = self.is_scarce();
        let own = SHARD.with(|shard| *shard);
        let shards = (0..SHARDS).map(|nth| &self.idle[(own + nth) % SHARDS]);
        for (nth, shard) in shards.enumerate() {
            if let Some(idle) = take_usable(shard, reuse, is_scarce) {
                return match nth {
                    0 => Some(idle),
                    _ => idle.moved(),
                };
            }
        }
        None
    }

    /// Notified when a connection is returned or closed.
    pub(super) fn freed(&self) -> &Notify {
        &self.freed
    }

    /// Notified when a request waits for a connection within the limit.
    pub(super) fn wanted(&self) -> &Notify {
        &self.wanted
    }

    /// Counts a starving request, and closes an idle connection, now or as soon as there is one.
    pub(super) fn starve(self: &Arc<Self>) -> StarvingRequest {
        let mut counts = self.counts();
        counts.starving += 1;
        counts.scarce_until = Some(Instant::now() + SCARCITY);
        self.is_scarce.store(true, Ordering::Release);
        let oldest = self.take_oldest();
        if oldest.is_none() {
            counts.owed += 1;
        }
        drop(counts);
        // Dropped after `counts`, which the drop of its slot locks.
        drop(oldest);
        StarvingRequest(self.clone())
    }

    /// Stores a connection after its last response was read to its end, for at most its lifetime.
    fn store(&self, idle: Idle) {
        if self.is_scarce.load(Ordering::Acquire) && self.settle_owed() {
            return;
        }
        let mut shard = SHARD.with(|shard| lock(&self.idle[*shard]));
        if shard.len() >= MAX_IDLE {
            drop(shard);
            return;
        }
        shard.push(idle);
        drop(shard);
        self.freed.notify_one();
    }

    /// Reports whether a connection has to be closed for a starving request, and counts it.
    fn settle_owed(&self) -> bool {
        let mut counts = self.counts();
        let is_owed = counts.owed > 0;
        counts.owed = counts.owed.saturating_sub(1);
        is_owed
    }

    /// Counts a new connection if the limit permits it; at the limit, closes an idle one first.
    fn reserve(&self, limit: Option<usize>) -> bool {
        let most = limit.unwrap_or(usize::MAX);
        if self.counts().open >= most {
            drop(self.take_oldest());
        }
        let mut counts = self.counts();
        let has_room = counts.open < most;
        counts.open += usize::from(has_room);
        has_room
    }

    /// Takes the connection that has been idle for longest.
    fn take_oldest(&self) -> Option<Idle> {
        let first = |shard: &Mutex<Vec<Idle>>| Some(lock(shard).first()?.since);
        let shards = self.idle.iter();
        let shards = shards.filter_map(|shard| Some((first(shard)?, shard)));
        let (_, shard) = shards.min_by_key(|(since, _)| *since)?;
        let mut shard = lock(shard);
        (!shard.is_empty()).then(|| shard.remove(0))
    }

    fn sweep(&self) {
        let is_scarce = self.is_scarce();
        for shard in &self.idle {
            let mut closed = Vec::new();
            let mut idle = lock(shard);
            for mut connection in mem::take(&mut *idle) {
                match connection.is_usable(is_scarce) {
                    true => idle.push(connection),
                    false => closed.push(connection),
                }
            }
            drop(idle);
        }
    }

    /// Reports whether the server counts as one with few sockets.
    fn is_scarce(&self) -> bool {
        if !self.is_scarce.load(Ordering::Acquire) {
            return false;
        }
        let counts = self.counts();
        let is_over = |until: Instant| until <= Instant::now();
        let is_scarce = !counts.scarce_until.is_none_or(is_over);
        if !is_scarce && counts.owed == 0 {
            self.is_scarce.store(false, Ordering::Release);
        }
        is_scarce
    }

    fn is_unused(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1 && !self.is_scarce()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

/// Takes the last usable connection of a shard; closes unusable ones, and one that is too old for
/// `reuse`.
fn take_usable(shard: &Mutex<Vec<Idle>>, reuse: Reuse, is_scarce: bool) -> Option<Idle> {
    loop {
        let mut last = lock(shard).pop()?;
        let is_old = reuse == Reuse::Recent && last.since.elapsed() > RECENT;
        if last.is_usable(is_scarce) && !is_old {
            return Some(last);
        }
        // One is enough: the request opens at most one connection in its place.
        if is_old {
            return None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

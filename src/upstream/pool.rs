//! The connections to each server: how many are open, and which wait for their next request.
//!
//! An idle connection stays with the thread that used it last; one of another thread is moved
//! before a new one is opened. It is reused only while it is silent: one with unread bytes or EOF
//! is not. A server that takes no new connection gets an old one back: it may have few sockets,
//! and those that wait for it are worth more than an idle one.

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

use super::UpstreamStream;

/// The connections to all servers.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Key, Arc<Server>, RandomState>>>);

/// Identifies connections that serve the same requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// HTTP/1.1 in the clear, at this address.
    Plain(SocketAddr),
    /// The engine's hash of address, name and trust.
    Other(u64),
}

/// Which idle connections a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Any: the request can be sent again should the connection end at that moment.
    Any,
    /// Those that were used just now: the request cannot be sent again, and a server may be about
    /// to close an older one.
    Recent,
    /// None.
    Never,
}

/// A connection that waits for its next request.
pub(super) struct Idle {
    pub(super) stream: UpstreamStream,
    pub(super) slot: Slot,
    since: Instant,
    /// Lifetime.
    lifetime: Duration,
}

/// An open connection, counted until dropped.
pub(super) struct Slot(Arc<Server>);

/// A request that waits for the server to take its new connection; counted until dropped.
pub(super) struct Starving(Arc<Server>);

/// The connections to one server.
#[derive(Default)]
pub(super) struct Server {
    /// By the thread on whose runtime they are.
    idle: [Mutex<Vec<Idle>>; SHARDS],
    counts: Mutex<Counts>,
    /// Whether `counts` has something to say on a connection that is kept or taken.
    is_scarce: AtomicBool,
    freed: Notify,
}

#[derive(Default)]
struct Counts {
    open: usize,
    starving: usize,
    /// Connections to be closed as soon as they are idle, at most one for each starving request.
    owed: usize,
    /// Set while the server is known to have few sockets.
    scarce_until: Option<Instant>,
}

thread_local! {
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

/// Threads whose idle connections are held apart.
const SHARDS: usize = 16;
/// Time that a request waits for one of a bounded number of connections.
pub(super) const QUEUED: Duration = Duration::from_secs(30);
/// Idle connections of one thread to one server at most.
const MOST: usize = 128;
/// Age up to which an idle connection counts as open.
const RECENT: Duration = Duration::from_secs(1);
/// Lifetime of idle connections to a server with few sockets.
const SCARCE: Duration = Duration::from_secs(1);
/// Time for which a server counts as one with few sockets.
const SCARCITY: Duration = Duration::from_secs(600);

impl Pool {
    /// The connections to the server of a key.
    pub(super) fn server(&self, key: &Key) -> Arc<Server> {
        let mut servers = self.lock();
        if let Some(server) = servers.get(key) {
            return server.clone();
        }
        let server = Arc::<Server>::default();
        servers.insert(key.clone(), server.clone());
        server
    }

    /// Closes what was idle for too long, and what its server has closed.
    pub(super) fn sweep(&self) {
        let servers: Vec<_> = self.lock().values().cloned().collect();
        for server in servers {
            server.sweep();
        }
        self.lock().retain(|_, server| !server.is_unused());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Server>, RandomState>> {
        lock(&self.0)
    }
}

impl Server {
    /// An idle connection, or the right to open one; none where at most `limit` may be open, which
    /// are in use.
    pub(super) fn claim(
        self: &Arc<Self>,
        limit: Option<usize>,
        reuse: Reuse,
    ) -> Option<Result<Idle, Slot>> {
        if let Some(idle) = self.take(reuse) {
            return Some(Ok(idle));
        }
        let slot = || Err(Slot(self.clone()));
        self.has_room(limit).then(slot)
    }

    /// The idle connection that was used last; one of this thread before those of others.
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

    /// Rings when a connection is returned or closed.
    pub(super) fn freed(&self) -> &Notify {
        &self.freed
    }

    /// Closes an idle connection, now or as soon as there is one.
    pub(super) fn starve(self: &Arc<Self>) -> Starving {
        let mut counts = self.counts();
        counts.starving += 1;
        counts.scarce_until = Some(Instant::now() + SCARCITY);
        self.is_scarce.store(true, Ordering::Release);
        let oldest = self.take_oldest();
        if oldest.is_none() {
            counts.owed += 1;
        }
        drop(counts);
        // It gives its slot back, which takes the lock.
        drop(oldest);
        Starving(self.clone())
    }

    /// Keeps a connection whose last response was read to its end, for at most `lifetime`.
    fn keep(&self, idle: Idle) {
        if self.is_scarce.load(Ordering::Acquire) && self.is_owed() {
            return;
        }
        let mut shard = SHARD.with(|shard| lock(&self.idle[*shard]));
        if shard.len() >= MOST {
            drop(shard);
            return;
        }
        shard.push(idle);
        drop(shard);
        self.freed.notify_one();
    }

    /// Whether a starving request waits for a connection to be closed; it is, then.
    fn is_owed(&self) -> bool {
        let mut counts = self.counts();
        let is_owed = counts.owed > 0;
        counts.owed = counts.owed.saturating_sub(1);
        is_owed
    }

    /// Counts another connection, if it may be opened; an idle one makes room for it.
    fn has_room(&self, limit: Option<usize>) -> bool {
        let most = limit.unwrap_or(usize::MAX);
        if self.counts().open >= most {
            drop(self.take_oldest());
        }
        let mut counts = self.counts();
        let has_room = counts.open < most;
        counts.open += usize::from(has_room);
        has_room
    }

    /// The connection that has been idle for longest.
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

    /// Whether the server is known to have few sockets.
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

/// Takes the last usable connection; each that is not is closed.
fn take_usable(shard: &Mutex<Vec<Idle>>, reuse: Reuse, is_scarce: bool) -> Option<Idle> {
    loop {
        let mut last = lock(shard).pop()?;
        let is_old = reuse == Reuse::Recent && last.since.elapsed() > RECENT;
        if last.is_usable(is_scarce) && !is_old {
            return Some(last);
        }
        // The request's own connection takes the place of the one that was too old for it.
        if is_old {
            return None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// Keeps its connection, whose last response was read to its end, for at most `lifetime`.
    pub(super) fn keep(self, stream: UpstreamStream, lifetime: Duration) {
        let server = self.0.clone();
        server.keep(Idle {
            stream,
            slot: self,
            since: Instant::now(),
            lifetime,
        });
    }
}

impl Idle {
    fn is_usable(&mut self, is_scarce: bool) -> bool {
        let lifetime = match is_scarce {
            true => self.lifetime.min(SCARCE),
            false => self.lifetime,
        };
        self.since.elapsed() < lifetime && self.stream.is_silent()
    }

    /// The same on this thread's runtime, so that no wake-up crosses threads.
    fn moved(self) -> Option<Self> {
        let stream = self.stream.moved().ok()?;
        Some(Self { stream, ..self })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        counts.open = counts.open.saturating_sub(1);
        drop(counts);
        self.0.freed.notify_one();
    }
}

impl Drop for Starving {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        counts.starving = counts.starving.saturating_sub(1);
        counts.owed = counts.owed.min(counts.starving);
    }
}

#[cfg(test)]
mod tests;

//! The connections to each server: how many are open, and which wait for their next request.
//!
//! An idle connection serves any worker, and is reused only while it is silent: one with unread
//! bytes or EOF is not. A server that takes no new connection gets an old one back: it may have
//! few sockets, and those that wait for it are worth more than an idle one.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::UpstreamStream;

/// The connections to all servers.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Key, Server>>>);

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

/// The next step of a request to a server.
pub(super) enum Claim {
    /// It takes an idle connection.
    Idle(Idle),
    /// It opens one.
    Open(Slot),
    /// It waits until one is returned or closed.
    Full,
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
pub(super) struct Slot {
    pool: Weak<Mutex<HashMap<Key, Server>>>,
    pub(super) key: Key,
}

/// A request that waits for the server to take its new connection; counted until dropped.
pub(super) struct Starving {
    pool: Pool,
    key: Key,
}

#[derive(Default)]
struct Server {
    idle: Vec<Idle>,
    open: usize,
    starving: usize,
    /// Connections to be closed as soon as they are idle, at most one for each starving request.
    owed: usize,
    /// Set while it is known to have few sockets.
    scarce_until: Option<Instant>,
    freed: Arc<Notify>,
}

/// Idle connections to one server at most.
const MOST: usize = 128;
/// Age up to which an idle connection counts as open.
const RECENT: Duration = Duration::from_secs(1);
/// Lifetime of idle connections to a server with few sockets.
const SCARCE: Duration = Duration::from_secs(1);
/// Time for which a server counts as one with few sockets.
const SCARCITY: Duration = Duration::from_secs(600);

impl Pool {
    /// The next step of a request, of at most `limit` connections.
    pub(super) fn claim(&self, key: &Key, limit: Option<usize>, reuse: Reuse) -> Claim {
        let mut closed = Vec::new();
        let mut servers = self.lock();
        let server = servers.entry(key.clone()).or_default();
        let mut claim = server.take(reuse, &mut closed).map(Claim::Idle);
        if claim.is_none() && server.has_room(limit, &mut closed) {
            server.open += 1;
            claim = Some(Claim::Open(self.slot(key)));
        }
        drop(servers);
        // Each gives its slot back, which takes the lock.
        drop(closed);
        claim.unwrap_or(Claim::Full)
    }

    /// The idle connection that was used last.
    pub(super) fn take(&self, key: &Key) -> Option<Idle> {
        let mut closed = Vec::new();
        let taken = self.lock().get_mut(key)?.take(Reuse::Any, &mut closed);
        drop(closed);
        taken
    }

    /// Rings when a connection is returned or closed.
    pub(super) fn freed(&self, key: &Key) -> Arc<Notify> {
        let mut servers = self.lock();
        servers.entry(key.clone()).or_default().freed.clone()
    }

    /// Keeps a connection whose last response was read to its end, for at most `lifetime`.
    pub(super) fn keep(&self, stream: UpstreamStream, slot: Slot, lifetime: Duration) {
        let key = slot.key.clone();
        let idle = Idle {
            stream,
            slot,
            since: Instant::now(),
            lifetime,
        };
        let mut servers = self.lock();
        let refused = servers.entry(key).or_default().keep(idle);
        drop(servers);
        drop(refused);
    }

    /// Closes an idle connection of the server, now or as soon as there is one.
    pub(super) fn starve(&self, key: &Key) -> Starving {
        let mut servers = self.lock();
        let closed = servers.entry(key.clone()).or_default().starve();
        drop(servers);
        drop(closed);
        Starving {
            pool: self.clone(),
            key: key.clone(),
        }
    }

    /// Closes what was idle for too long, and what its server has closed.
    pub(super) fn sweep(&self) {
        let mut closed = Vec::new();
        let mut servers = self.lock();
        servers
            .values_mut()
            .for_each(|server| server.sweep(&mut closed));
        servers.retain(|_, server| !server.is_unused());
        drop(servers);
        drop(closed);
    }

    fn slot(&self, key: &Key) -> Slot {
        Slot {
            pool: Arc::downgrade(&self.0),
            key: key.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    fn take(&mut self, reuse: Reuse, closed: &mut Vec<Idle>) -> Option<Idle> {
        if reuse == Reuse::Never {
            return None;
        }
        let is_scarce = self.is_scarce();
        loop {
            let mut last = self.idle.pop()?;
            let is_old = reuse == Reuse::Recent && last.since.elapsed() > RECENT;
            if last.is_usable(is_scarce) && !is_old {
                return Some(last);
            }
            closed.push(last);
            // The request's own connection takes the place of the one that was too old for it.
            if is_old {
                return None;
            }
        }
    }

    /// Whether another connection may be opened; an idle one makes room for it.
    fn has_room(&mut self, limit: Option<usize>, closed: &mut Vec<Idle>) -> bool {
        let Some(limit) = limit else { return true };
        if self.open.saturating_sub(closed.len()) >= limit && !self.idle.is_empty() {
            closed.push(self.idle.remove(0));
        }
        self.open.saturating_sub(closed.len()) < limit
    }

    /// Keeps a connection; returns one that is not to be kept.
    fn keep(&mut self, idle: Idle) -> Option<Idle> {
        if self.owed > 0 {
            self.owed -= 1;
            return Some(idle);
        }
        if self.idle.len() >= MOST {
            return Some(idle);
        }
        self.idle.push(idle);
        self.freed.notify_one();
        None
    }

    fn starve(&mut self) -> Option<Idle> {
        self.starving += 1;
        self.scarce_until = Some(Instant::now() + SCARCITY);
        if self.idle.is_empty() {
            self.owed += 1;
            return None;
        }
        Some(self.idle.remove(0))
    }

    fn sweep(&mut self, closed: &mut Vec<Idle>) {
        let is_scarce = self.is_scarce();
        let all = std::mem::take(&mut self.idle);
        for mut idle in all {
            match idle.is_usable(is_scarce) {
                true => self.idle.push(idle),
                false => closed.push(idle),
            }
        }
    }

    fn is_scarce(&self) -> bool {
        self.scarce_until
            .is_some_and(|until| Instant::now() < until)
    }

    fn is_unused(&self) -> bool {
        let is_awaited = Arc::strong_count(&self.freed) > 1 || self.starving > 0;
        self.open == 0 && self.idle.is_empty() && !is_awaited && !self.is_scarce()
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
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        let mut servers = pool.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(server) = servers.get_mut(&self.key) else {
            return;
        };
        server.open = server.open.saturating_sub(1);
        server.freed.notify_one();
    }
}

impl Drop for Starving {
    fn drop(&mut self) {
        let mut servers = self.pool.lock();
        let Some(server) = servers.get_mut(&self.key) else {
            return;
        };
        server.starving = server.starving.saturating_sub(1);
        server.owed = server.owed.min(server.starving);
    }
}

#[cfg(test)]
mod tests;

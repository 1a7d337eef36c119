//! The memory that clients occupy, charged to each connection and to the budget of all.
//!
//! Heads, buffered content and queued responses count against the limit of their connection. The
//! overhead of connections and streams counts against the budget only. When the charges exceed
//! `limits.memory`, connections are cut: the largest of the address group with the largest sum,
//! until the rest fits.

mod charge;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::{
    access::address_group::{WIDTHS, client_prefix},
    telemetry::limit_event::LimitEvent,
};
use tokio::sync::Notify;

use super::signal::Signal;

pub use self::charge::Charge;

/// The memory budget of all connections.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: AtomicUsize,
    /// Bytes charged.
    held: AtomicUsize,
    /// The accounts of open connections, by their address.
    accounts: Mutex<HashMap<usize, Weak<Account>>>,
    /// Connections that were cut.
    pub evictions: LimitEvent,
}

/// The memory that one connection occupies.
#[derive(Debug)]
pub struct Account {
    budget: Arc<MemoryBudget>,
    peer: IpAddr,
    /// Bytes charged against the connection's limit.
    held: AtomicUsize,
    /// Bytes charged against the budget only.
    overhead: AtomicUsize,
    /// The part of `held` that is queued for the client.
    queued: AtomicUsize,
    evicted: AtomicBool,
    cut: Signal,
    freed: Notify,
}

/// Bytes of a connection at most, without overhead.
pub(super) const CONNECTION: usize = 256 * 1024;
/// Divisor of the limit for the spare bytes that an eviction frees, so that evictions are rare.
const SPARE: usize = 16;
/// Bytes of responses that a connection may queue; the rest of its limit is for requests.
const MOST_QUEUED: usize = CONNECTION / 2;
/// Bytes of responses that a connection may queue even at its limit, so that none stalls.
const QUEUE: usize = 16 * 1024;

impl MemoryBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            held: AtomicUsize::new(0),
            accounts: Mutex::default(),
            evictions: LimitEvent::new("limits.memory", "cut"),
        })
    }

    /// Changes the limit.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Opens the account of a new connection, which `cut` ends.
    #[must_use]
    pub fn open(self: &Arc<Self>, peer: IpAddr, cut: Signal) -> Arc<Account> {
        let account = Arc::new(Account::new(self.clone(), peer, cut));
        let entry = Arc::downgrade(&account);
        self.lock().insert(Arc::as_ptr(&account).addr(), entry);
        account
    }

    /// Reports whether more than half of the budget is used, so that buffers stay small.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit.load(Ordering::Relaxed) / 2
    }

    fn add(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if held > self.limit.load(Ordering::Relaxed) {
            self.evict();
        }
    }

    /// Cuts connections until the others leave the spare part of the limit.
    fn evict(&self) {
        let accounts: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        let accounts = accounts.into_iter();
        let mut accounts: Vec<_> = accounts.filter(|account| !account.is_evicted()).collect();
        let mut held: usize = accounts.iter().map(|account| account.total()).sum();
        let limit = self.limit.load(Ordering::Relaxed);
        if held <= limit {
            return;
        }
        while held > limit - limit / SPARE {
            let Some(index) = largest(&accounts) else {
                return;
            };
            let evicted = accounts.swap_remove(index);
            held = held.saturating_sub(evicted.total());
            evicted.evict();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Weak<Account>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the index of the largest account of the largest address group, which is chosen from the
/// widest prefixes to the narrowest.
fn largest(accounts: &[Arc<Account>]) -> Option<usize> {
    let mut indices: Vec<usize> = (0..accounts.len()).collect();
    for bits in WIDTHS {
        let group = |index: &usize| client_prefix(accounts[*index].peer, bits);
        let mut groups: HashMap<IpAddr, usize> = HashMap::new();
        for index in &indices {
            *groups.entry(group(index)).or_default() += accounts[*index].total();
        }
        let (largest, _) = groups.into_iter().max_by_key(|(_, held)| *held)?;
        indices.retain(|index| group(index) == largest);
        if largest.is_ipv4() {
            break;
        }
    }
    indices
        .into_iter()
        .max_by_key(|index| accounts[*index].total())
}

impl Account {
    fn new(budget: Arc<MemoryBudget>, peer: IpAddr, cut: Signal) -> Self {
        Self {
            budget,
            peer,
            held: AtomicUsize::new(0),
            overhead: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
            evicted: AtomicBool::new(false),
            cut,
            freed: Notify::new(),
        }
    }

    /// An account without a budget.
    #[must_use]
    pub fn unlimited(peer: IpAddr, cut: Signal) -> Arc<Self> {
        Arc::new(Self::new(MemoryBudget::new(usize::MAX), peer, cut))
    }

    /// Bytes charged against the connection's limit.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// All bytes charged.
    fn total(&self) -> usize {
        self.held() + self.overhead.load(Ordering::Relaxed)
    }

    /// Reports whether this many more bytes fit into the connection's limit.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= CONNECTION
    }

    /// Reports whether more than half of the connection's limit or of the budget is used, so that
    /// buffers stay small.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.held() > CONNECTION / 2 || self.budget.is_tight()
    }

    /// Reports whether this many more bytes of local responses may wait for the client.
    #[must_use]
    pub(crate) fn may_wait(&self, bytes: usize) -> bool {
        self.queued.load(Ordering::Relaxed).saturating_add(bytes) <= QUEUE
    }

    /// Waits until more bytes may be queued for the client.
    pub(crate) async fn room(&self) {
        self.until(|account| account.queueable(1) > 0).await;
    }

    /// Waits until this many more bytes fit into the connection's limit.
    pub(crate) async fn room_for(&self, bytes: usize) {
        self.until(|account| account.has_room(bytes)).await;
    }

    async fn until(&self, fits: impl Fn(&Self) -> bool) {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            if fits(self) {
                return;
            }
            freed.await;
        }
    }

    fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        self.budget.add(bytes);
    }

    fn release(&self, bytes: usize) {
        let before = self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
        if before >= MOST_QUEUED {
            self.freed.notify_waiters();
        }
    }

    fn add_overhead(&self, bytes: usize) {
        self.overhead.fetch_add(bytes, Ordering::Relaxed);
        self.budget.add(bytes);
    }

    fn release_overhead(&self, bytes: usize) {
        self.overhead.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Relaxed)
    }

    fn evict(&self) {
        self.budget.evictions.note(self.peer);
        self.evicted.store(true, Ordering::Relaxed);
        self.cut.raise();
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let key = std::ptr::from_ref(self).addr();
        self.budget.lock().remove(&key);
    }
}

#[cfg(test)]
mod tests;

//! The memory that clients occupy: counted for each connection and in all.
//!
//! Request heads, buffered bodies and queued answers are charged to their connection for as long
//! as they are held; beside them, without a limit of its own, what each connection and stream
//! needs. When all connections hold more than `limits.memory`, the address group that holds most
//! loses the connection that holds most, until the rest fits.

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
    access::address_group::{WIDTHS, prefix},
    telemetry::limit_event::LimitEvent,
};
use tokio::sync::Notify;

use super::signal::Signal;

pub use self::charge::Charge;

/// The memory that all connections together may occupy.
#[derive(Debug)]
pub struct MemoryBudget {
    limit: AtomicUsize,
    held: AtomicUsize,
    accounts: Mutex<HashMap<usize, Weak<Account>>>,
    /// The connections that were cut.
    pub evictions: LimitEvent,
}

/// The memory that one connection occupies.
#[derive(Debug)]
pub struct Account {
    budget: Arc<MemoryBudget>,
    peer: IpAddr,
    held: AtomicUsize,
    /// What the connection and its streams need beside `held`.
    overhead: AtomicUsize,
    /// The part of `held` that is queued for the client.
    queued: AtomicUsize,
    evicted: AtomicBool,
    cut: Signal,
    freed: Notify,
}

/// Bytes that one connection may hold.
pub(super) const CONNECTION: usize = 256 * 1024;
/// The share of the limit that is freed beyond it, so that few additions have to look for more.
const SPARE: usize = 16;
/// Bytes of answers that a connection may queue, so that there is room for further requests.
const MOST_QUEUED: usize = CONNECTION / 2;
/// Bytes of answers that a connection may queue whatever else it holds, so that none starves.
const QUEUE: usize = 16 * 1024;

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            held: AtomicUsize::new(0),
            accounts: Mutex::default(),
            evictions: LimitEvent::new("limits.memory", "cut"),
        })
    }

    /// HeaderEdits the limit.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// The account of a new connection; `cut` ends it.
    #[must_use]
    pub fn open(self: &Arc<Self>, peer: IpAddr, cut: Signal) -> Arc<Account> {
        let account = Arc::new(Account::new(self.clone(), peer, cut));
        let entry = Arc::downgrade(&account);
        self.lock().insert(Arc::as_ptr(&account).addr(), entry);
        account
    }

    /// Whether half of the budget is taken, so that buffers are to stay small.
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

    /// Cuts connections until the others leave something of the limit.
    fn evict(&self) {
        let accounts: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        let mut accounts: Vec<_> = accounts.into_iter().filter(|a| !a.is_evicted()).collect();
        let mut held: usize = accounts.iter().map(|account| account.total()).sum();
        let limit = self.limit.load(Ordering::Relaxed);
        if held <= limit {
            return;
        }
        while held > limit - limit / SPARE {
            let Some(place) = heaviest(&accounts) else {
                return;
            };
            let evicted = accounts.swap_remove(place);
            held = held.saturating_sub(evicted.total());
            evicted.evict();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Weak<Account>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of the account that holds most, of the address group that holds most, from the widest
/// groups to the narrowest.
fn heaviest(accounts: &[Arc<Account>]) -> Option<usize> {
    let mut places: Vec<usize> = (0..accounts.len()).collect();
    for bits in WIDTHS {
        let group = |place: &usize| prefix(accounts[*place].peer, bits);
        let mut groups: HashMap<IpAddr, usize> = HashMap::new();
        for place in &places {
            *groups.entry(group(place)).or_default() += accounts[*place].total();
        }
        let (heaviest, _) = groups.into_iter().max_by_key(|(_, held)| *held)?;
        places.retain(|place| group(place) == heaviest);
        if heaviest.is_ipv4() {
            break;
        }
    }
    places
        .into_iter()
        .max_by_key(|place| accounts[*place].total())
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

    /// An account that belongs to no listener's budget.
    #[must_use]
    pub fn unlimited(peer: IpAddr, cut: Signal) -> Arc<Self> {
        Arc::new(Self::new(MemoryBudget::new(usize::MAX), peer, cut))
    }

    /// Bytes held that the limit of a connection is for.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// All bytes held.
    fn total(&self) -> usize {
        self.held() + self.overhead.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more are within the limit of a connection.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= CONNECTION
    }

    /// Whether buffers are to stay small: the connection or all together hold half of their limit.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.held() > CONNECTION / 2 || self.budget.is_tight()
    }

    /// Whether so many bytes more of local responses may wait for a client that takes none.
    #[must_use]
    pub(crate) fn may_wait(&self, bytes: usize) -> bool {
        self.queued.load(Ordering::Relaxed).saturating_add(bytes) <= QUEUE
    }

    /// Waits until something more may be queued for the client.
    pub(crate) async fn room(&self) {
        self.until(|account| account.queueable(1) > 0).await;
    }

    /// Waits until so many bytes more are within the limit of a connection.
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

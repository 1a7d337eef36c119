//! A lock for each pair of an address and a user: their guesses are verified one at a time. The
//! number of guesses that wait is limited for each address.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// The lock of one pair, held until it is dropped.
pub(in crate::access) struct GuessLock {
    _guard: OwnedMutexGuard<()>,
    _waiting: Waiting,
}

/// The locks in use, by the keyed hash of the pair.
#[derive(Default)]
pub(super) struct GuessLocks(Mutex<LocksInUse>);

#[derive(Default)]
struct LocksInUse {
    locks: HashMap<u64, Weak<tokio::sync::Mutex<()>>>,
    /// Number of locks at which the unused ones are dropped.
    sweep_at: usize,
    /// Numbers of guesses that wait or hold a lock, by address.
    guesses: HashMap<u64, usize>,
}

/// A guess that counts for its address until it is dropped.
struct Waiting {
    locks: Arc<GuessLocks>,
    address: u64,
}

/// Number of locks up to which unused ones are not dropped.
const FEW: usize = 64;
/// Most guesses of one address that wait: the first page of a browser on two HTTP/2 connections.
pub(super) const MAX_WAITING: usize = 256;

impl GuessLocks {
    /// Waits for the lock of a pair, in the order of arrival; `None` if too many guesses of the
    /// address wait already.
    pub(super) async fn acquire(self: &Arc<Self>, key: u64, address: u64) -> Option<GuessLock> {
        let waiting = self.wait(address)?;
        let lock = self.lock(key);
        Some(GuessLock {
            _guard: lock.lock_owned().await,
            _waiting: waiting,
        })
    }

    fn wait(self: &Arc<Self>, address: u64) -> Option<Waiting> {
        let mut in_use = self.in_use();
        let guesses = in_use.guesses.entry(address).or_default();
        if *guesses >= MAX_WAITING {
            return None;
        }
        *guesses += 1;
        let locks = self.clone();
        Some(Waiting { locks, address })
    }

    fn lock(&self, key: u64) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_use = self.in_use();
        if let Some(lock) = in_use.locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        in_use.sweep();
        let lock = Arc::default();
        in_use.locks.insert(key, Arc::downgrade(&lock));
        lock
    }

    fn in_use(&self) -> MutexGuard<'_, LocksInUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocksInUse {
    /// Drops unused locks when their number has doubled: the cost per request is constant.
    fn sweep(&mut self) {
        if self.locks.len() < self.sweep_at.max(FEW) {
            return;
        }
        self.locks.retain(|_, lock| lock.strong_count() > 0);
        self.sweep_at = self.locks.len() * 2;
    }

    fn leave(&mut self, address: u64) {
        let Some(guesses) = self.guesses.get_mut(&address) else {
            return;
        };
        *guesses -= 1;
        if *guesses == 0 {
            self.guesses.remove(&address);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.locks.in_use().leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_lock_is_held_by_one_guess_at_a_time_and_unused_locks_are_dropped() {
        let locks = Arc::<GuessLocks>::default();
        let held = locks.acquire(1, 1).await;
        assert!(locks.lock(1).try_lock().is_err());
        assert!(locks.lock(2).try_lock().is_ok());
        for key in 0..1000 {
            drop(locks.acquire(key + 3, key).await);
        }
        assert!(locks.in_use().locks.len() <= FEW + 1);
        assert!(locks.lock(1).try_lock().is_err());
        drop(held);
        assert!(locks.lock(1).try_lock().is_ok());
        assert!(locks.in_use().guesses.is_empty());
    }

    #[tokio::test]
    async fn the_guesses_that_wait_are_limited_for_each_address() {
        let locks = Arc::<GuessLocks>::default();
        let greedy = 0..MAX_WAITING as u64;
        let held = join_all(greedy.map(|key| locks.acquire(key, 7))).await;
        assert!(held.iter().all(Option::is_some));
        assert!(locks.acquire(1_000, 7).await.is_none());
        assert!(locks.acquire(1_001, 8).await.is_some());
        drop(held);
        assert!(locks.acquire(1_000, 7).await.is_some());
    }
}

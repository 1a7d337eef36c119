//! One guess at a time for each pair of an address and a user, and so many that wait for each address.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// A lane that no other guess is in until this is dropped.
pub(in crate::access) struct Lane {
    _alone: OwnedMutexGuard<()>,
    _waiting: Waiting,
}

/// The lanes in use, by keyed hash.
#[derive(Default)]
pub(super) struct Lanes(Mutex<InUse>);

#[derive(Default)]
struct InUse {
    lanes: HashMap<u64, Weak<tokio::sync::Mutex<()>>>,
    /// How many lanes there may be before the unused ones are dropped.
    sweep_at: usize,
    /// The guesses that wait or are under way, by address.
    guesses: HashMap<u64, usize>,
}

/// A guess that is counted with its address until dropped.
struct Waiting {
    lanes: Arc<Lanes>,
    address: u64,
}

/// Lanes that are kept without a look at their use.
const FEW: usize = 64;
/// Guesses of one address that wait: a browser's first page on two connections of HTTP/2.
pub(super) const MOST_WAITING: usize = 256;

impl Lanes {
    /// Waits until the lane is free, in the order of arrival; none when too many guesses of the
    /// address wait already.
    pub(super) async fn enter(self: &Arc<Self>, key: u64, address: u64) -> Option<Lane> {
        let waiting = self.wait(address)?;
        let lane = self.lane(key);
        Some(Lane {
            _alone: lane.lock_owned().await,
            _waiting: waiting,
        })
    }

    fn wait(self: &Arc<Self>, address: u64) -> Option<Waiting> {
        let mut in_use = self.lock();
        let guesses = in_use.guesses.entry(address).or_default();
        if *guesses >= MOST_WAITING {
            return None;
        }
        *guesses += 1;
        let lanes = self.clone();
        Some(Waiting { lanes, address })
    }

    fn lane(&self, key: u64) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_use = self.lock();
        if let Some(lane) = in_use.lanes.get(&key).and_then(Weak::upgrade) {
            return lane;
        }
        in_use.sweep();
        let lane = Arc::default();
        in_use.lanes.insert(key, Arc::downgrade(&lane));
        lane
    }

    fn lock(&self) -> MutexGuard<'_, InUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InUse {
    /// Drops unused lanes, so rarely that a request pays for its own only.
    fn sweep(&mut self) {
        if self.lanes.len() < self.sweep_at.max(FEW) {
            return;
        }
        self.lanes.retain(|_, lane| lane.strong_count() > 0);
        self.sweep_at = self.lanes.len() * 2;
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
        self.lanes.lock().leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_lane_is_entered_by_one_at_a_time_and_unused_ones_are_dropped() {
        let lanes = Arc::<Lanes>::default();
        let alone = lanes.enter(1, 1).await;
        assert!(lanes.lane(1).try_lock().is_err());
        assert!(lanes.lane(2).try_lock().is_ok());
        for key in 0..1000 {
            drop(lanes.enter(key + 3, key).await);
        }
        assert!(lanes.lock().lanes.len() <= FEW + 1);
        assert!(lanes.lane(1).try_lock().is_err());
        drop(alone);
        assert!(lanes.lane(1).try_lock().is_ok());
        assert!(lanes.lock().guesses.is_empty());
    }

    #[tokio::test]
    async fn so_many_guesses_of_an_address_wait_and_others_do_all_the_same() {
        let lanes = Arc::<Lanes>::default();
        let greedy = 0..MOST_WAITING as u64;
        let held = join_all(greedy.map(|key| lanes.enter(key, 7))).await;
        assert!(held.iter().all(Option::is_some));
        assert!(lanes.enter(1_000, 7).await.is_none());
        assert!(lanes.enter(1_001, 8).await.is_some());
        drop(held);
        assert!(lanes.enter(1_000, 7).await.is_some());
    }
}

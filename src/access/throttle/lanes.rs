//! One guess at a time for each pair of an address and a user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// A lane that no other guess is in until this is dropped.
pub(in crate::access) type Lane = OwnedMutexGuard<()>;

/// The lanes in use, by keyed hash.
#[derive(Default)]
pub(super) struct Lanes(Mutex<InUse>);

#[derive(Default)]
struct InUse {
    lanes: HashMap<u64, Weak<tokio::sync::Mutex<()>>>,
    /// How many lanes there may be before the unused ones are dropped.
    sweep_at: usize,
}

/// Lanes that are kept without a look at their use.
const FEW: usize = 64;

impl Lanes {
    /// Waits until the lane is free, in the order of arrival.
    pub(super) async fn enter(&self, key: u64) -> Lane {
        let lane = self.lane(key);
        lane.lock_owned().await
    }

    fn lane(&self, key: u64) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = in_use.lanes.get(&key).and_then(Weak::upgrade) {
            return lane;
        }
        in_use.sweep();
        let lane = Arc::default();
        in_use.lanes.insert(key, Arc::downgrade(&lane));
        lane
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lane_is_entered_by_one_at_a_time_and_unused_ones_are_dropped() {
        let lanes = Lanes::default();
        let alone = lanes.enter(1).await;
        assert!(lanes.lane(1).try_lock().is_err());
        assert!(lanes.lane(2).try_lock().is_ok());
        for key in 0..1000 {
            drop(lanes.enter(key + 3).await);
        }
        assert!(lanes.0.lock().unwrap().lanes.len() <= FEW + 1);
        assert!(lanes.lane(1).try_lock().is_err());
        drop(alone);
        assert!(lanes.lane(1).try_lock().is_ok());
    }
}

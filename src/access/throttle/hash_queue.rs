//! The queue of passwords to hash: its order, and the number of hashes at a time.
//!
//! Half of the permits are reserved for familiar addresses. A permit for an unfamiliar one is held
//! for a minimum time, so that unfamiliar addresses together hash at most
//! [`UNFAMILIAR_PER_SECOND`], whatever a hash costs. The rank of a guess decides first, and then
//! its arrival.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{Instant, sleep_until},
};

/// The rank of a guess; a smaller rank is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Guess of a user that has logged in from the address before.
    Familiar,
    /// First guess of an address with this number of failures today.
    First(u32),
    /// Guess of an address that has made its first guesses.
    Further,
}

/// The permits to hash, and the guesses that wait for one.
pub(super) struct HashQueue {
    queue: Mutex<Queue>,
    /// Minimum time for which an unfamiliar address holds a permit.
    min_hold: Duration,
}

struct Queue {
    /// Free permits.
    free: usize,
    /// Free permits that unfamiliar addresses may take.
    unfamiliar_free: usize,
    waiting: BTreeMap<Position, oneshot::Sender<HashPermit>>,
    arrivals: u64,
}

/// Rank and number of the arrival.
type Position = (Rank, u64);

/// The permit to hash one password, returned when it is dropped.
pub(super) struct HashPermit {
    queue: Arc<HashQueue>,
    unfamiliar: bool,
    began: Option<Instant>,
}

/// A guess in the queue, removed when it is dropped.
struct Waiting<'q> {
    queue: &'q HashQueue,
    position: Position,
}

/// Hashes per second for all unfamiliar addresses together.
pub(super) const UNFAMILIAR_PER_SECOND: u32 = 20;

impl HashQueue {
    /// Creates a queue with this number of permits, at least one.
    pub(super) fn new(permits: usize) -> Arc<Self> {
        let free = permits.max(1);
        let unfamiliar_free = (free / 2).max(1);
        Arc::new(Self {
            min_hold: Duration::from_secs(unfamiliar_free as u64) / UNFAMILIAR_PER_SECOND,
            queue: Mutex::new(Queue {
                free,
                unfamiliar_free,
                waiting: BTreeMap::new(),
                arrivals: 0,
            }),
        })
    }

    /// Waits for a permit; `None` if the queue was dropped.
    pub(super) async fn wait(self: &Arc<Self>, rank: Rank) -> Option<HashPermit> {
        let (sender, receiver) = oneshot::channel();
        let _waiting = self.join(rank, sender);
        self.grant();
        receiver.await.ok()
    }

    fn join(&self, rank: Rank, sender: oneshot::Sender<HashPermit>) -> Waiting<'_> {
        let mut queue = self.queue();
        let position = (rank, queue.arrivals);
        queue.arrivals += 1;
        queue.waiting.insert(position, sender);
        Waiting {
            queue: self,
            position,
        }
    }

    /// Grants the free permits to the first guesses in the queue.
    fn grant(self: &Arc<Self>) {
        while let Some((sender, unfamiliar)) = self.next() {
            let permit = HashPermit {
                queue: self.clone(),
                unfamiliar,
                began: None,
            };
            // No lock is held: the permit of a guess that was dropped is returned here.
            drop(sender.send(permit));
        }
    }

    /// Takes the next guess out of the queue, and a permit for it.
    fn next(&self) -> Option<(oneshot::Sender<HashPermit>, bool)> {
        let mut queue = self.queue();
        let (&position, _) = queue.waiting.first_key_value()?;
        let (rank, _) = position;
        let unfamiliar = rank != Rank::Familiar;
        if queue.free == 0 || (unfamiliar && queue.unfamiliar_free == 0) {
            return None;
        }
        queue.free -= 1;
        queue.unfamiliar_free -= usize::from(unfamiliar);
        Some((queue.waiting.remove(&position)?, unfamiliar))
    }

    fn release(self: &Arc<Self>, unfamiliar: bool) {
        let mut queue = self.queue();
        queue.free += 1;
        queue.unfamiliar_free += usize::from(unfamiliar);
        drop(queue);
        self.grant();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HashPermit {
    /// Marks the beginning of the hash.
    pub(super) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// Returns the end of the minimum time, if it is in the future.
    fn held_until(&self) -> Option<Instant> {
        let until = self.began.filter(|_| self.unfamiliar)? + self.queue.min_hold;
        (Instant::now() < until).then_some(until)
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        let (queue, unfamiliar) = (self.queue.clone(), self.unfamiliar);
        match (self.held_until(), Handle::try_current()) {
            (Some(until), Ok(runtime)) => {
                runtime.spawn(async move {
                    sleep_until(until).await;
                    queue.release(unfamiliar);
                });
            }
            _ => queue.release(unfamiliar),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.queue.queue().waiting.remove(&self.position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn familiar_addresses_precede_new_ones_and_those_precede_addresses_with_failures() {
        let queue = HashQueue::new(1);
        let held = queue.wait(Rank::Further).await.unwrap();
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        for rank in [
            Rank::Further,
            Rank::First(1),
            Rank::First(0),
            Rank::Familiar,
        ] {
            let (queue, sender) = (queue.clone(), sender.clone());
            tokio::spawn(async move {
                let permit = queue.wait(rank).await.unwrap();
                sender.send(rank).unwrap();
                drop(permit);
            });
        }
        tokio::task::yield_now().await;
        drop(held);
        for rank in [
            Rank::Familiar,
            Rank::First(0),
            Rank::First(1),
            Rank::Further,
        ] {
            assert_eq!(order.recv().await, Some(rank));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unfamiliar_addresses_hash_at_their_rate_and_leave_permits_to_familiar_ones() {
        let queue = HashQueue::new(4);
        let began = Instant::now();
        for _ in 0..5 * UNFAMILIAR_PER_SECOND {
            let mut permit = queue.wait(Rank::First(0)).await.unwrap();
            permit.begin();
        }
        let took = began.elapsed().as_millis();
        assert!((4800..=5000).contains(&took), "{took}");
        let started = Instant::now();
        let both = [queue.wait(Rank::Familiar), queue.wait(Rank::Familiar)];
        let both = futures_util::future::join_all(both).await;
        assert_eq!((started.elapsed(), both.len()), (Duration::ZERO, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_guess_leaves_the_queue() {
        let queue = HashQueue::new(1);
        let held = queue.wait(Rank::Further).await.unwrap();
        for _ in 0..10 {
            let wait = queue.wait(Rank::First(0));
            let waited = tokio::time::timeout(Duration::from_secs(1), wait).await;
            assert!(waited.is_err());
        }
        assert!(queue.queue().waiting.is_empty());
        drop(held);
        assert!(queue.wait(Rank::Further).await.is_some());
        assert_eq!(queue.queue().free, 1);
    }
}

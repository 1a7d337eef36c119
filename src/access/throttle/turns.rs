//! The order in which passwords are hashed, and how many at a time.
//!
//! Half of the turns are reserved for familiar addresses, and each of the others lasts a while
//! even if its hash does not: so strangers together hash no more than [`STRANGERS`] a second,
//! whatever a hash costs. Among the guesses that wait, the rank decides and then the arrival.

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

/// Which guesses go before others, the first first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The user has logged in from the address before.
    Familiar,
    /// The address has so many failures, fewer than its first guesses.
    First(u32),
    /// It has made its first guesses.
    Further,
}

/// The turns, and the guesses that wait for one.
pub(super) struct Turns {
    queue: Mutex<Queue>,
    /// How long a stranger's turn lasts at least.
    stay: Duration,
}

struct Queue {
    /// Free turns.
    free: usize,
    /// How many of them strangers may take.
    strangers: usize,
    waiting: BTreeMap<Place, oneshot::Sender<Turn>>,
    arrivals: u64,
}

/// A rank, and the number of the arrival.
type Place = (Rank, u64);

/// The right to hash one password, given back when dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    stranger: bool,
    began: Option<Instant>,
}

/// A guess in the queue, which leaves it when dropped.
struct Waiting<'t> {
    turns: &'t Turns,
    place: Place,
}

/// Hashes a second for all strangers together.
pub(super) const STRANGERS: u32 = 20;

impl Turns {
    /// So many turns at a time, at least one.
    pub(super) fn new(turns: usize) -> Arc<Self> {
        let free = turns.max(1);
        let strangers = (free / 2).max(1);
        Arc::new(Self {
            stay: Duration::from_secs(strangers as u64) / STRANGERS,
            queue: Mutex::new(Queue {
                free,
                strangers,
                waiting: BTreeMap::new(),
                arrivals: 0,
            }),
        })
    }

    /// Waits for a turn; none when the turns are no more.
    pub(super) async fn wait(self: &Arc<Self>, rank: Rank) -> Option<Turn> {
        let (sender, receiver) = oneshot::channel();
        let _waiting = self.join(rank, sender);
        self.grant();
        receiver.await.ok()
    }

    fn join(&self, rank: Rank, sender: oneshot::Sender<Turn>) -> Waiting<'_> {
        let mut queue = self.queue();
        let place = (rank, queue.arrivals);
        queue.arrivals += 1;
        queue.waiting.insert(place, sender);
        Waiting { turns: self, place }
    }

    /// Gives the free turns to those next in the queue.
    fn grant(self: &Arc<Self>) {
        while let Some((sender, stranger)) = self.next() {
            let turn = Turn {
                turns: self.clone(),
                stranger,
                began: None,
            };
            // Without a lock: the turn of a guess that has left comes back when dropped here.
            drop(sender.send(turn));
        }
    }

    /// Takes the next guess out of the queue, and a turn for it.
    fn next(&self) -> Option<(oneshot::Sender<Turn>, bool)> {
        let mut queue = self.queue();
        let (&place, _) = queue.waiting.first_key_value()?;
        let stranger = place.0 != Rank::Familiar;
        if queue.free == 0 || (stranger && queue.strangers == 0) {
            return None;
        }
        queue.free -= 1;
        queue.strangers -= usize::from(stranger);
        Some((queue.waiting.remove(&place)?, stranger))
    }

    fn release(self: &Arc<Self>, stranger: bool) {
        let mut queue = self.queue();
        queue.free += 1;
        queue.strangers += usize::from(stranger);
        drop(queue);
        self.grant();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Hashing begins now.
    pub(super) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// The time before which a stranger's turn does not end.
    fn stays_until(&self) -> Option<Instant> {
        let until = self.began.filter(|_| self.stranger)? + self.turns.stay;
        (Instant::now() < until).then_some(until)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (turns, stranger) = (self.turns.clone(), self.stranger);
        match (self.stays_until(), Handle::try_current()) {
            (Some(until), Ok(runtime)) => {
                runtime.spawn(async move {
                    sleep_until(until).await;
                    turns.release(stranger);
                });
            }
            _ => turns.release(stranger),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.turns.queue().waiting.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_familiar_go_before_new_addresses_and_those_before_addresses_that_failed() {
        let turns = Turns::new(1);
        let held = turns.wait(Rank::Further).await.unwrap();
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        for rank in [
            Rank::Further,
            Rank::First(1),
            Rank::First(0),
            Rank::Familiar,
        ] {
            let (turns, sender) = (turns.clone(), sender.clone());
            tokio::spawn(async move {
                let turn = turns.wait(rank).await.unwrap();
                sender.send(rank).unwrap();
                drop(turn);
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
    async fn strangers_leave_a_share_to_the_familiar_and_hash_no_more_than_their_rate() {
        let turns = Turns::new(4);
        let began = Instant::now();
        for _ in 0..5 * STRANGERS {
            let mut turn = turns.wait(Rank::First(0)).await.unwrap();
            turn.begin();
        }
        let took = began.elapsed().as_millis();
        assert!((4800..=5000).contains(&took), "{took}");
        let asked = Instant::now();
        let both = [turns.wait(Rank::Familiar), turns.wait(Rank::Familiar)];
        let both = futures_util::future::join_all(both).await;
        assert_eq!((asked.elapsed(), both.len()), (Duration::ZERO, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_guess_that_gives_up_leaves_nothing_behind() {
        let turns = Turns::new(1);
        let held = turns.wait(Rank::Further).await.unwrap();
        for _ in 0..10 {
            let wait = turns.wait(Rank::First(0));
            let waited = tokio::time::timeout(Duration::from_secs(1), wait).await;
            assert!(waited.is_err());
        }
        assert!(turns.queue().waiting.is_empty());
        drop(held);
        assert!(turns.wait(Rank::Further).await.is_some());
        assert_eq!(turns.queue().free, 1);
    }
}

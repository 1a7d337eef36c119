//! Rate limits on password guesses, per address, per user and for all unfamiliar addresses
//! together.
//!
//! A guess counts as a failure from its start until the password turns out correct, so that
//! parallel guesses gain nothing. The throttle is made once and outlives reloads of the
//! configuration. `Counters` decide, and `HashQueue` orders the hashing; neither knows a password.

mod backoff;
mod failure_counters;
mod guess_locks;
mod hash_queue;
mod token_bucket;

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use self::{
    failure_counters::{Counters, Started},
    guess_locks::{GuessLock, GuessLocks},
    hash_queue::{HashPermit, HashQueue},
};
use super::address_group::client_prefix;

/// The failures of all addresses and users, and the queue of hashes.
pub struct Throttle {
    counters: Mutex<Counters>,
    queue: Arc<HashQueue>,
    locks: Arc<GuessLocks>,
    keys: RandomState,
}

/// The refusal to verify a password now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// Time until the next try, above zero; `Retry-After` rounds it up to seconds.
    pub retry_after: Duration,
}

/// The address and the user of a guess, as keyed hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    /// The IPv4 address or IPv6 /64.
    address: u64,
    /// The IPv6 /56 and /48 around it.
    networks: Option<[u64; 2]>,
    user: u64,
    /// The pair of address and user.
    pair: u64,
}

/// The deadline of a guess that waits.
pub(super) struct Wait(Instant);

/// A guess that is being hashed; it counts as a failure unless it succeeds.
pub(super) struct Attempt {
    throttle: Arc<Throttle>,
    guess: Guess,
    permit: HashPermit,
}

/// Most hashes at a time, on any number of cores.
const MAX_HASHES: usize = 4;
/// Longest wait of a password before it is hashed.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Refusal of a guess that waited too long, or that too many others of its address wait with.
const BUSY: Throttled = Throttled {
    retry_after: Duration::from_secs(1),
};

impl Throttle {
    /// Creates a throttle without failures.
    #[must_use]
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::with_permits(cores.min(MAX_HASHES))
    }

    fn with_permits(permits: usize) -> Self {
        Self {
            counters: Mutex::new(Counters::new()),
            queue: HashQueue::new(permits),
            locks: Arc::default(),
            keys: RandomState::new(),
        }
    }

    /// Identifies a guess at the password of `user` in `file`; each file has counters of its own.
    pub(super) fn guess(&self, file: &Path, user: &str, address: IpAddr) -> Guess {
        let address = address.to_canonical();
        let prefix_key = |bits| {
            self.keys
                .hash_one((file, bits, client_prefix(address, bits)))
        };
        Guess {
            address: prefix_key(64),
            networks: address.is_ipv6().then(|| [prefix_key(56), prefix_key(48)]),
            user: self.keys.hash_one((file, user)),
            pair: self.keys.hash_one((file, user, client_prefix(address, 64))),
        }
    }

    /// Checks whether the address may guess; otherwise not even a password verified before is
    /// compared.
    ///
    /// # Errors
    /// The address is in back-off.
    pub(super) fn check(&self, guess: &Guess) -> Result<(), Throttled> {
        self.counters().check_address(guess, Instant::now())
    }

    /// Returns the deadline of a guess that begins to wait now.
    pub(super) fn wait(&self) -> Wait {
        Wait(Instant::now() + MAX_WAIT)
    }

    /// Waits until no other guess at this user's password from this address is in progress.
    ///
    /// # Errors
    /// Too many guesses of the address wait, or the deadline has passed.
    pub(super) async fn lock(&self, guess: &Guess, wait: &Wait) -> Result<GuessLock, Throttled> {
        let locking = self.locks.acquire(guess.pair, guess.address);
        let acquired = timeout_at(wait.0, locking).await;
        acquired.ok().flatten().ok_or(BUSY)
    }

    /// Waits for a permit to hash, and counts the guess as a failure until it succeeds.
    ///
    /// # Errors
    /// The counters refuse the guess, or the deadline has passed.
    pub(super) async fn begin(
        self: &Arc<Self>,
        guess: Guess,
        wait: &Wait,
    ) -> Result<Attempt, Throttled> {
        let mut rank = self.counters().rank(&guess, Instant::now())?;
        loop {
            let granted = timeout_at(wait.0, self.queue.wait(rank)).await;
            let permit = granted.ok().flatten().ok_or(BUSY)?;
            let started = self.counters().begin(&guess, rank, Instant::now())?;
            match started {
                Started::Counted => return Ok(self.attempt(guess, permit)),
                Started::Outranked(lower) => rank = lower,
            }
        }
    }

    fn attempt(self: &Arc<Self>, guess: Guess, mut permit: HashPermit) -> Attempt {
        permit.begin();
        Attempt {
            throttle: self.clone(),
            guess,
            permit,
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Attempt {
    /// Ends the attempt and returns its permit; a correct password makes the address familiar.
    pub(super) fn finish(self, correct: bool) {
        if correct {
            self.throttle.counters().succeed(&self.guess);
        }
        drop(self.permit);
    }
}

#[cfg(test)]
mod tests;

//! Limits on password guesses: per address, per user, and of all addresses together.
//!
//! A guess counts as a failure from its beginning until it is proven right, so that guesses made
//! together gain nothing. Made once for the life of the process, and shared over reloads.
//! `Books` decide, `Turns` order the hashing; neither knows a password.

mod allowance;
mod backoff;
mod books;
mod lanes;
mod turns;

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
    books::{Books, Started},
    lanes::{Lane, Lanes},
    turns::{Turn, Turns},
};
use super::address_group::prefix;

/// The failures of all addresses and users, and the turns for hashing.
pub struct Throttle {
    books: Mutex<Books>,
    turns: Arc<Turns>,
    lanes: Arc<Lanes>,
    keys: RandomState,
}

/// A password is not looked at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When it will be; never zero. Round up for `Retry-After`.
    pub retry_after: Duration,
}

/// The sender and the user of a guess, as keyed hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    /// The IPv4 address or IPv6 /64.
    address: u64,
    /// The IPv6 /56 and /48 around it.
    networks: Option<[u64; 2]>,
    user: u64,
    both: u64,
}

/// The end of the time that one guess may wait.
pub(super) struct Wait(Instant);

/// A guess under way: a failure unless it succeeds.
pub(super) struct Attempt {
    throttle: Arc<Throttle>,
    guess: Guess,
    turn: Turn,
}

/// Hashes at a time on however many cores.
const MAX_TURNS: usize = 4;
/// How long a password waits to be hashed.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The turn may be free at the next try.
const BUSY: Throttled = Throttled {
    retry_after: Duration::from_secs(1),
};

impl Throttle {
    /// A throttle that has seen no failure.
    #[must_use]
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::with_turns(cores.min(MAX_TURNS))
    }

    fn with_turns(turns: usize) -> Self {
        Self {
            books: Mutex::new(Books::new()),
            turns: Turns::new(turns),
            lanes: Arc::default(),
            keys: RandomState::new(),
        }
    }

    /// A guess at the password of `user` in `file`; each file is counted apart.
    pub(super) fn guess(&self, file: &Path, user: &str, address: IpAddr) -> Guess {
        let address = address.to_canonical();
        let within = |bits| self.keys.hash_one((file, bits, prefix(address, bits)));
        Guess {
            address: within(64),
            networks: address.is_ipv6().then(|| [within(56), within(48)]),
            user: self.keys.hash_one((file, user)),
            both: self.keys.hash_one((file, user, prefix(address, 64))),
        }
    }

    /// Whether the address may guess at all; even a password found right before
    /// is not compared while it may not.
    pub(super) fn check(&self, guess: &Guess) -> Result<(), Throttled> {
        self.books().check_address(guess, Instant::now())
    }

    /// The time that a guess may wait from now on.
    pub(super) fn wait(&self) -> Wait {
        Wait(Instant::now() + LONGEST_WAIT)
    }

    /// Waits until no other guess at this user's password from this address is under way.
    ///
    /// # Errors
    /// Too many guesses of the address wait already, or this one has waited for too long.
    pub(super) async fn lane(&self, guess: &Guess, wait: &Wait) -> Result<Lane, Throttled> {
        let entering = self.lanes.enter(guess.both, guess.address);
        let entered = timeout_at(wait.0, entering).await;
        entered.ok().flatten().ok_or(BUSY)
    }

    /// Waits for a turn to hash and counts the guess as a failure until it succeeds.
    pub(super) async fn begin(
        self: &Arc<Self>,
        guess: Guess,
        wait: &Wait,
    ) -> Result<Attempt, Throttled> {
        let mut rank = self.books().rank(&guess, Instant::now())?;
        loop {
            let granted = timeout_at(wait.0, self.turns.wait(rank)).await;
            let turn = granted.ok().flatten().ok_or(BUSY)?;
            let started = self.books().begin(&guess, rank, Instant::now())?;
            match started {
                Started::Counted => return Ok(self.attempt(guess, turn)),
                Started::Outranked(lower) => rank = lower,
            }
        }
    }

    fn attempt(self: &Arc<Self>, guess: Guess, mut turn: Turn) -> Attempt {
        turn.begin();
        Attempt {
            throttle: self.clone(),
            guess,
            turn,
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Attempt {
    /// Ends the attempt and its turn: a right password makes the address familiar.
    pub(super) fn judge(self, right: bool) {
        if right {
            self.throttle.books().succeed(&self.guess);
        }
        drop(self.turn);
    }
}

#[cfg(test)]
mod tests;

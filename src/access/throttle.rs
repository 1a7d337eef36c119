//! How fast passwords may be guessed: by one address, of one user, all at once.
//!
//! A guess counts as a failure from its beginning until it is proven right,
//! so that guesses made together gain nothing. Made once for the life of the
//! process, and shared over reloads.

mod backoff;
mod recent;

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use self::{
    backoff::{Backoff, Failures},
    recent::Recent,
};

/// The failures of all addresses and users, and the turns for hashing.
pub struct Throttle {
    books: Mutex<Books>,
    turns: Arc<Semaphore>,
    keys: RandomState,
}

/// A password is not looked at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When it will be; never zero. Round up for `Retry-After`.
    pub retry_after: Duration,
}

/// Who guesses whose password, as keyed hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    address: u64,
    user: u64,
    both: u64,
}

/// A guess under way: a failure unless it succeeds.
pub(super) struct Attempt {
    throttle: Arc<Throttle>,
    guess: Guess,
}

struct Books {
    addresses: Recent<Failures>,
    users: Recent<Failures>,
    /// Addresses from which a user has logged in.
    familiar: Recent<()>,
}

const ADDRESS: Backoff = Backoff {
    free: 5,
    longest: Duration::from_secs(60),
};

/// Gentler, since an attacker with many addresses makes the owner wait too.
const USER: Backoff = Backoff {
    free: 20,
    longest: Duration::from_secs(4),
};

/// Addresses, users and pairs remembered, each.
const MAX_REMEMBERED: usize = 8192;
/// Hashes at a time on however many cores: fewer than the free failures of an
/// address, or the parallel requests of one page would throttle each other.
const MAX_TURNS: usize = 4;
/// How long a password waits to be hashed.
const TURN_WAIT: Duration = Duration::from_secs(5);

impl Throttle {
    /// A throttle that has seen no failure.
    #[must_use]
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            books: Mutex::new(Books::new()),
            turns: Arc::new(Semaphore::new(cores.min(MAX_TURNS))),
            keys: RandomState::new(),
        }
    }

    /// A guess at the password of `user` in `file`; each file is counted apart.
    pub(super) fn guess(&self, file: &Path, user: &str, address: IpAddr) -> Guess {
        let address = neighbourhood(address);
        Guess {
            address: self.keys.hash_one((file, address)),
            user: self.keys.hash_one((file, user)),
            both: self.keys.hash_one((file, user, address)),
        }
    }

    /// Whether the address may guess at all; even a password found right before
    /// is not compared while it may not.
    pub(super) fn check(&self, guess: Guess) -> Result<(), Throttled> {
        self.books().check_address(guess, Instant::now())
    }

    /// Waits for a turn to hash.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Throttled> {
        let turn = timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok);
        turn.ok_or(Throttled {
            retry_after: Duration::from_secs(1),
        })
    }

    /// Counts the guess as a failure until it succeeds.
    pub(super) fn begin(self: &Arc<Self>, guess: Guess) -> Result<Attempt, Throttled> {
        self.books().begin(guess, Instant::now())?;
        let throttle = Arc::clone(self);
        Ok(Attempt { throttle, guess })
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
    /// The password was right: the address is cleared, and familiar from now on.
    pub(super) fn succeed(self) {
        self.throttle.books().succeed(self.guess, Instant::now());
    }
}

impl Books {
    fn new() -> Self {
        Self {
            addresses: Recent::new(MAX_REMEMBERED),
            users: Recent::new(MAX_REMEMBERED),
            familiar: Recent::new(MAX_REMEMBERED),
        }
    }

    fn check_address(&self, guess: Guess, now: Instant) -> Result<(), Throttled> {
        ADDRESS.check(self.addresses.value(guess.address), now)
    }

    fn begin(&mut self, guess: Guess, now: Instant) -> Result<(), Throttled> {
        self.check_address(guess, now)?;
        if self.familiar.value(guess.both).is_none() {
            USER.check(self.users.value(guess.user), now)?;
        }
        let address = ADDRESS.count(self.addresses.value(guess.address), now);
        self.addresses.insert(guess.address, address, now);
        let user = USER.count(self.users.value(guess.user), now);
        self.users.insert(guess.user, user, now);
        Ok(())
    }

    fn succeed(&mut self, guess: Guess, now: Instant) {
        self.addresses.remove(guess.address);
        if let Some(failures) = self.users.value(guess.user) {
            self.users.insert(guess.user, failures.forgive_one(), now);
        }
        self.familiar.insert(guess.both, (), now);
    }
}

/// What one household or attacker has: an IPv4 address, an IPv6 /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests;

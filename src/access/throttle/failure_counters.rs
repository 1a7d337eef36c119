//! Counters of the failures of addresses, networks and users, and the rank of a guess by them.
//!
//! Memory is bounded: users share a table of fixed size, and the addresses that failed longest ago
//! are evicted. Only a correct password makes an address familiar, so that guesses evict no
//! familiar one.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Guess, Throttled,
    backoff::{Backoff, Failures},
    hash_queue::Rank,
    token_bucket::TokenBucket,
};
use crate::recent_map::RecentMap;

/// The failures of addresses, networks and users.
pub(super) struct Counters {
    /// Failures by address.
    addresses: RecentMap<u64, Failures>,
    /// Bucket of first guesses by IPv6 network.
    networks: RecentMap<u64, Instant>,
    /// Bucket of further guesses by slot; several users may share a slot.
    users: Box<[Option<Instant>]>,
    /// Pairs of an address and a user that has logged in from it.
    familiar: RecentMap<u64, ()>,
}

/// The result of starting a guess.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// The guess is counted and may be hashed.
    Counted,
    /// Other guesses of the address were counted meanwhile: the guess has this lower rank now.
    Outranked(Rank),
}

/// Back-off of one address, for guesses at any user.
const ADDRESS: Backoff = Backoff {
    free: 5,
    longest: Duration::from_secs(60),
};
/// Number of first guesses, per address and day, which guesses of other addresses never throttle.
pub(super) const FIRST: u32 = 3;
/// Further guesses at one user, of all addresses together.
pub(super) const USER: TokenBucket = TokenBucket {
    burst: 20,
    interval: Duration::from_secs(10),
};
/// First guesses of the addresses in one IPv6 /56 and one /48, either of which one attacker may
/// have.
pub(super) const NETWORKS: [TokenBucket; 2] = [
    TokenBucket {
        burst: 16,
        interval: Duration::from_secs(240),
    },
    TokenBucket {
        burst: 64,
        interval: Duration::from_secs(60),
    },
];

/// Most addresses with failures, and most IPv6 networks; they fit into two hash maps of 32,768
/// buckets.
pub(super) const MAX_FAILED: usize = 57_344;
/// Most pairs of an address and a user.
pub(super) const MAX_FAMILIAR: usize = 8192;
/// Slots of the user table; the slot of a user depends on the process's random hash key.
const USERS: usize = 4096;

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            addresses: RecentMap::new(MAX_FAILED),
            networks: RecentMap::new(MAX_FAILED),
            users: vec![None; USERS].into(),
            familiar: RecentMap::new(MAX_FAMILIAR),
        }
    }

    pub(super) fn check_address(&self, guess: &Guess, now: Instant) -> Result<(), Throttled> {
        ADDRESS.check(self.addresses.get(&guess.address).copied(), now)
    }

    /// Returns the rank of a guess in the queue.
    ///
    /// # Errors
    /// The address is in back-off, or it has made its first guesses and the user's bucket is empty.
    pub(super) fn rank(&self, guess: &Guess, now: Instant) -> Result<Rank, Throttled> {
        self.check_address(guess, now)?;
        if self.familiar.get(&guess.pair).copied().is_some() {
            return Ok(Rank::Familiar);
        }
        let earlier = self.addresses.get(&guess.address).copied();
        let earlier = earlier.map_or(0, |failures| failures.of_the_day(now));
        if earlier < FIRST && (earlier > 0 || self.network_allows(guess, now)) {
            return Ok(Rank::First(earlier));
        }
        USER.check(self.users[guess.user_slot()], now)?;
        Ok(Rank::Further)
    }

    /// Counts the guess as a failure, if it still has the rank with which it waited.
    ///
    /// # Errors
    /// As for [`Counters::rank`].
    pub(super) fn begin(
        &mut self,
        guess: &Guess,
        rank: Rank,
        now: Instant,
    ) -> Result<Started, Throttled> {
        let current = self.rank(guess, now)?;
        if current > rank {
            return Ok(Started::Outranked(current));
        }
        match current {
            Rank::First(0) => self.charge_networks(guess, now),
            Rank::Further => {
                let user = &mut self.users[guess.user_slot()];
                *user = Some(USER.charge(*user, now));
            }
            Rank::First(_) | Rank::Familiar => {}
        }
        let failures = self.addresses.get(&guess.address).copied();
        let failures = ADDRESS.add(failures, guess.user, now);
        self.addresses.insert(guess.address, failures);
        Ok(Started::Counted)
    }

    /// Forgives the failures at this user's password, and makes the address familiar. Failures at
    /// other users' passwords stay, so that a user gains no guesses at others.
    pub(super) fn succeed(&mut self, guess: &Guess) {
        match self.addresses.get(&guess.address).copied() {
            Some(failures) if !failures.are_all_at(guess.user) => {
                self.addresses.insert(guess.address, failures.forgive_one());
            }
            _ => self.addresses.remove(&guess.address),
        }
        self.familiar.insert(guess.pair, ());
    }

    fn network_allows(&self, guess: &Guess, now: Instant) -> bool {
        let networks = guess.networks.into_iter().flatten().zip(NETWORKS);
        let mut checked = networks
            .map(|(network, bucket)| bucket.check(self.networks.get(&network).copied(), now));
        checked.all(|allowed| allowed.is_ok())
    }

    fn charge_networks(&mut self, guess: &Guess, now: Instant) {
        for (network, bucket) in guess.networks.into_iter().flatten().zip(NETWORKS) {
            let charged = bucket.charge(self.networks.get(&network).copied(), now);
            self.networks.insert(network, charged);
        }
    }
}

#[cfg(test)]
impl Counters {
    /// Returns the numbers of addresses, networks and familiar pairs.
    pub(super) fn sizes(&self) -> [usize; 3] {
        let (addresses, networks) = (self.addresses.len(), self.networks.len());
        [addresses, networks, self.familiar.len()]
    }
}

impl Guess {
    fn user_slot(&self) -> usize {
        usize::try_from(self.user % USERS as u64).unwrap_or(0)
    }
}

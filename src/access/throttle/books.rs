//! The failures of addresses, networks and users, and the rank of a guess that follows from them.
//!
//! Memory is bounded: users share a table of fixed size, addresses are forgotten in the order in
//! which they failed. Only a right password makes an address familiar, so guesses cannot push a
//! familiar one out.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Guess, Throttled,
    allowance::Allowance,
    backoff::{Backoff, Failures},
    turns::Rank,
};
use crate::access::recent::Recent;

/// The failures of addresses, networks and users.
pub(super) struct Books {
    /// By address.
    addresses: Recent<u64, Failures>,
    /// By IPv6 network: when its allowance of first guesses is whole again.
    networks: Recent<u64, Instant>,
    /// By user, several of whom may share a slot: when the allowance is whole again.
    users: Box<[Option<Instant>]>,
    /// Addresses from which a user has logged in.
    familiar: Recent<u64, ()>,
}

/// The result of the attempt to count a guess.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// It is counted and may be hashed.
    Counted,
    /// Other guesses of the address came between: it has this rank now.
    Outranked(Rank),
}

/// Of one address, whichever users it names.
const ADDRESS: Backoff = Backoff {
    free: 5,
    longest: Duration::from_secs(60),
};
/// Guesses a day of one address that other addresses' guesses at the same user never hold back.
pub(super) const FIRST: u32 = 3;
/// At one user, of all addresses that have made their first guesses.
pub(super) const USER: Allowance = Allowance {
    burst: 20,
    pace: Duration::from_secs(10),
};
/// First guesses out of one IPv6 /56 and one /48: a household has either, an attacker too.
pub(super) const NETWORKS: [Allowance; 2] = [
    Allowance {
        burst: 16,
        pace: Duration::from_secs(240),
    },
    Allowance {
        burst: 64,
        pace: Duration::from_secs(60),
    },
];

/// Addresses and IPv6 networks with failures, each: what fits into maps of two times 32,768 places.
pub(super) const MAX_FAILED: usize = 57_344;
/// Pairs of an address and a user.
pub(super) const MAX_FAMILIAR: usize = 8192;
/// Slots of users; which user has which is known to nobody outside the process.
const USERS: usize = 4096;

impl Books {
    pub(super) fn new() -> Self {
        Self {
            addresses: Recent::new(MAX_FAILED),
            networks: Recent::new(MAX_FAILED),
            users: vec![None; USERS].into(),
            familiar: Recent::new(MAX_FAMILIAR),
        }
    }

    pub(super) fn check_address(&self, guess: &Guess, now: Instant) -> Result<(), Throttled> {
        ADDRESS.check(self.addresses.get(&guess.address).copied(), now)
    }

    /// Which guesses go before this one.
    ///
    /// # Errors
    /// The address has to wait, or has made its first guesses and the user's allowance is spent.
    pub(super) fn rank(&self, guess: &Guess, now: Instant) -> Result<Rank, Throttled> {
        self.check_address(guess, now)?;
        if self.familiar.get(&guess.both).copied().is_some() {
            return Ok(Rank::Familiar);
        }
        let earlier = self.addresses.get(&guess.address).copied();
        let earlier = earlier.map_or(0, |failures| failures.of_the_day(now));
        if earlier < FIRST && (earlier > 0 || self.network_allows(guess, now)) {
            return Ok(Rank::First(earlier));
        }
        USER.check(self.users[slot(guess)], now)?;
        Ok(Rank::Further)
    }

    /// Counts the guess as a failure, if it still has the rank by which it waited.
    ///
    /// # Errors
    /// As for [`Books::rank`].
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
                let user = &mut self.users[slot(guess)];
                *user = Some(USER.charge(*user, now));
            }
            Rank::First(_) | Rank::Familiar => {}
        }
        let failures = self.addresses.get(&guess.address).copied();
        let failures = ADDRESS.count(failures, guess.user, now);
        self.addresses.insert(guess.address, failures);
        Ok(Started::Counted)
    }

    /// The guess was right: the failures at this user's password are forgiven, and the address is
    /// familiar. Those at other users' stay: an account of one's own buys no guesses.
    pub(super) fn succeed(&mut self, guess: &Guess) {
        match self.addresses.get(&guess.address).copied() {
            Some(failures) if !failures.are_all_at(guess.user) => {
                self.addresses.insert(guess.address, failures.forgive_one());
            }
            _ => self.addresses.remove(&guess.address),
        }
        self.familiar.insert(guess.both, ());
    }

    fn network_allows(&self, guess: &Guess, now: Instant) -> bool {
        let networks = guess.networks.into_iter().flatten().zip(NETWORKS);
        let mut checked = networks
            .map(|(network, allowance)| allowance.check(self.networks.get(&network).copied(), now));
        checked.all(|allowed| allowed.is_ok())
    }

    fn charge_networks(&mut self, guess: &Guess, now: Instant) {
        for (network, allowance) in guess.networks.into_iter().flatten().zip(NETWORKS) {
            let charged = allowance.charge(self.networks.get(&network).copied(), now);
            self.networks.insert(network, charged);
        }
    }
}

#[cfg(test)]
impl Books {
    /// How many addresses, networks and familiar pairs are remembered.
    pub(super) fn sizes(&self) -> [usize; 3] {
        let (addresses, networks) = (self.addresses.len(), self.networks.len());
        [addresses, networks, self.familiar.len()]
    }
}

fn slot(guess: &Guess) -> usize {
    usize::try_from(guess.user % USERS as u64).unwrap_or(0)
}

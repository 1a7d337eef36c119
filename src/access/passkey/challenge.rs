//! Challenges: random bytes of which each is valid once, for one ceremony, for five minutes.
//!
//! They are in memory only. Their number is bounded in total and per client, so that no client
//! evicts the challenges of all others.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::{
    digest::{Context, SHA256},
    error::Unspecified,
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{encoded::UserHandle, refusal::CeremonyError, relying_party::RelyingParty};
use crate::access::address_group::{WIDTHS, client_prefix};

/// 32 random bytes; base64url as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Challenge([u8; 32]);

/// The purpose of a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'u> {
    /// Registration of a passkey for this user.
    Registration(&'u UserHandle),
    /// Login with a passkey.
    Assertion,
}

/// The open challenges of all sites.
#[derive(Default)]
pub struct Challenges(Mutex<Open>);

/// Time for which a challenge is valid.
pub const LIFETIME: Duration = Duration::from_secs(300);
/// Most open challenges; the oldest is evicted.
pub const CAPACITY: usize = 10_000;
/// Most open challenges of one IPv4 address or IPv6 /48; its oldest is evicted.
pub const CLIENT_CAPACITY: usize = 100;

#[derive(Default)]
struct Open {
    /// By order of issue.
    issued: BTreeMap<u64, Issued>,
    numbers: HashMap<Challenge, u64>,
    clients: HashMap<IpAddr, BTreeSet<u64>>,
    next: u64,
}

struct Issued {
    challenge: Challenge,
    ceremony: [u8; 32],
    client: IpAddr,
    until: Instant,
}

impl Challenges {
    /// Issues a challenge for a ceremony of a client.
    ///
    /// # Errors
    /// The system provides no random bytes.
    pub fn issue(
        &self,
        party: &RelyingParty,
        purpose: Purpose<'_>,
        client: IpAddr,
        now: Instant,
    ) -> Result<Challenge, Unspecified> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes)?;
        let challenge = Challenge(bytes);
        self.open(challenge, ceremony(party, purpose), client, now);
        Ok(challenge)
    }

    fn open(&self, challenge: Challenge, ceremony: [u8; 32], client: IpAddr, now: Instant) {
        let issued = Issued {
            challenge,
            ceremony,
            client: client_prefix(client, WIDTHS[0]),
            until: now + LIFETIME,
        };
        let mut open = self.lock();
        open.remove_expired(now);
        open.evict_for(issued.client);
        open.insert(issued);
    }

    /// Takes a challenge, which is invalid from then on, whatever the outcome.
    ///
    /// # Errors
    /// The challenge is unknown, used, expired or evicted, or was issued for another ceremony.
    pub fn take(
        &self,
        challenge: Challenge,
        party: &RelyingParty,
        purpose: Purpose<'_>,
        now: Instant,
    ) -> Result<(), CeremonyError> {
        let mut open = self.lock();
        let number = open.numbers.get(&challenge).copied();
        let issued = number.and_then(|number| open.remove(number));
        drop(open);
        let is_valid =
            |issued: &Issued| now < issued.until && issued.ceremony == ceremony(party, purpose);
        let valid = issued.filter(is_valid);
        valid.map(drop).ok_or(CeremonyError::Challenge)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(any(fuzzing, test))]
impl Challenges {
    /// Opens a known challenge.
    pub(super) fn open_known(
        &self,
        challenge: Challenge,
        party: &RelyingParty,
        purpose: Purpose<'_>,
        now: Instant,
    ) {
        let client = IpAddr::from([192, 0, 2, 1]);
        self.open(challenge, ceremony(party, purpose), client, now);
    }
}

#[cfg(test)]
impl Challenges {
    /// Returns the number of open challenges.
    pub(super) fn len(&self) -> usize {
        self.lock().issued.len()
    }
}

impl Open {
    fn insert(&mut self, issued: Issued) {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(issued.challenge, number);
        let of_client = self.clients.entry(issued.client).or_default();
        of_client.insert(number);
        self.issued.insert(number, issued);
    }

    fn remove(&mut self, number: u64) -> Option<Issued> {
        let issued = self.issued.remove(&number)?;
        self.numbers.remove(&issued.challenge);
        if let Some(of_client) = self.clients.get_mut(&issued.client) {
            of_client.remove(&number);
            if of_client.is_empty() {
                self.clients.remove(&issued.client);
            }
        }
        Some(issued)
    }

    fn remove_expired(&mut self, now: Instant) {
        while let Some((&number, issued)) = self.issued.first_key_value()
            && issued.until <= now
        {
            self.remove(number);
        }
    }

    /// Evicts the oldest challenge of a client at its limit, or else of all at theirs.
    fn evict_for(&mut self, client: IpAddr) {
        let of_client = self.clients.get(&client);
        let full = of_client.filter(|open| open.len() >= CLIENT_CAPACITY);
        let oldest = match full {
            Some(of_client) => of_client.first().copied(),
            None if self.issued.len() >= CAPACITY => self.issued.keys().next().copied(),
            None => None,
        };
        oldest.and_then(|number| self.remove(number));
    }
}

/// Returns the digest of a ceremony's relying party, purpose and user.
fn ceremony(party: &RelyingParty, purpose: Purpose<'_>) -> [u8; 32] {
    let (kind, user) = match purpose {
        Purpose::Registration(user) => (1, user.as_bytes()),
        Purpose::Assertion => (2, &[][..]),
    };
    let mut context = Context::new(&SHA256);
    // Neither an RP ID nor an origin contains a NUL.
    for part in [
        &[kind],
        party.id().as_bytes(),
        &[0],
        party.origin().as_bytes(),
        &[0],
        user,
    ] {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

impl From<[u8; 32]> for Challenge {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(..)")
    }
}

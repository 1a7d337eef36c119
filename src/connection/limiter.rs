//! Limits of open connections, in total and per address group, and the eviction of a guest when
//! the total is reached.
//!
//! An address group is an IPv4 address or an IPv6 /64; eviction compares wider prefixes too.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{AbortHandle, AbortRegistration};

use crate::{
    access::address_group::{WIDTHS, client_prefix},
    config::model::Limits,
    sites::Sites,
};

/// Counts the open connections and issues a permit for each.
#[derive(Debug, Default)]
pub(super) struct ConnectionLimiter(Mutex<OpenConnections>);

#[derive(Debug, Default)]
struct OpenConnections {
    total: usize,
    /// Number of the last connection, in order of arrival.
    last_number: u64,
    /// Groups by their prefix; the order keeps the members of a wider prefix together.
    groups: BTreeMap<IpAddr, AddressGroup>,
}

#[derive(Debug, Default)]
struct AddressGroup {
    open: usize,
    /// Connections that can be evicted, by number.
    guests: BTreeMap<u64, AbortHandle>,
}

/// Class of a connection, by the peer's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerClass {
    /// Any other address.
    Guest,
    /// An address in a network of a site: never evicted.
    Home,
    /// A trusted proxy: never evicted and without a limit per address.
    Proxy,
}

/// The limit that refuses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// `limits.connections_per_address`.
    Address,
    /// `limits.connections`.
    All,
}

/// The permit of one connection, returned on drop.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    address: IpAddr,
    number: u64,
}

impl PeerClass {
    /// Returns the class of a peer's address, on a connection to a local one.
    pub(super) fn new(sites: &Sites, address: IpAddr, local: Option<&SocketAddr>) -> Self {
        let local = local.map_or(address, SocketAddr::ip);
        let (address, local) = (address.to_canonical(), local.to_canonical());
        if sites.config.trusted_proxies.contains(address) {
            Self::Proxy
        } else if sites.config.is_at_home(address) && !sites.is_masqueraded(address, local) {
            Self::Home
        } else {
            Self::Guest
        }
    }
}

impl ConnectionLimiter {
    /// Issues a permit for a connection; if the total is reached, evicts a guest by aborting its
    /// future.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(super) fn permit(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        peer: PeerClass,
    ) -> Result<(ConnectionPermit, AbortRegistration), Full> {
        let address = client_prefix(address, GROUP_BITS);
        let mut connections = self.lock();
        let group = connections.groups.get(&address);
        let own = group.map_or(0, |group| group.open);
        if peer != PeerClass::Proxy && own >= limits.connections_per_address {
            return Err(Full::Address);
        }
        let guest = Some(address).filter(|_| peer == PeerClass::Guest);
        if connections.total >= limits.connections && !connections.evict(guest) {
            return Err(Full::All);
        }
        let (handle, registration) = AbortHandle::new_pair();
        let number = connections.add(address, guest.map(|_| handle));
        drop(connections);
        let limiter = self.clone();
        Ok((
            ConnectionPermit {
                limiter,
                address,
                number,
            },
            registration,
        ))
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// Evicts the oldest guest of the largest address group; returns false if it evicts none.
    ///
    /// Descends from the prefix with the most guests to the largest group in it. A new `guest`
    /// evicts only if, where its own prefix first differs, the largest has more guests than its own
    /// has connections; it never evicts from its own group. Other peers always evict.
    fn evict(&mut self, guest: Option<IpAddr>) -> bool {
        let mut is_fair = guest.is_none();
        let mut group = None;
        for bits in WIDTHS {
            let Some((largest, guests)) = self.largest(group, bits) else {
                return false;
            };
            let own = guest.filter(|guest| !is_fair && client_prefix(*guest, bits) != largest);
            if let Some(own) = own {
                if guests <= self.open(own, bits) {
                    return false;
                }
                is_fair = true;
            }
            group = Some((largest, bits));
        }
        let group = group.and_then(|(address, _)| self.groups.get_mut(&address));
        let oldest = group
            .filter(|_| is_fair)
            .and_then(|group| group.guests.pop_first());
        oldest.inspect(|(_, guest)| guest.abort()).is_some()
    }

    /// Returns the prefix of a length with the most guests, within a shorter prefix, and their
    /// number; none without guests.
    fn largest(&self, within: Option<(IpAddr, u32)>, bits: u32) -> Option<(IpAddr, usize)> {
        let mut largest: Option<(IpAddr, usize)> = None;
        let mut current: Option<(IpAddr, usize)> = None;
        let is_within = |address: &IpAddr| {
            within.is_none_or(|(group, bits)| client_prefix(*address, bits) == group)
        };
        let groups = self.groups.iter();
        for (address, members) in groups.filter(|(address, _)| is_within(address)) {
            let group = client_prefix(*address, bits);
            let before = current.filter(|(last, _)| *last == group);
            let guests = before.map_or(0, |(_, guests)| guests) + members.guests.len();
            current = Some((group, guests));
            if largest.is_none_or(|(_, most)| guests > most) {
                largest = current;
            }
        }
        largest.filter(|(_, guests)| *guests > 0)
    }

    /// Returns the number of open connections in an address's prefix of a length.
    fn open(&self, address: IpAddr, bits: u32) -> usize {
        let shared = client_prefix(address, bits);
        let groups = self.groups.range(shared..);
        let members = groups.take_while(|(address, _)| client_prefix(**address, bits) == shared);
        members.map(|(_, group)| group.open).sum()
    }

    fn add(&mut self, address: IpAddr, guest: Option<AbortHandle>) -> u64 {
        self.total += 1;
        self.last_number += 1;
        let number = self.last_number;
        let group = self.groups.entry(address).or_default();
        group.open += 1;
        group.guests.extend(guest.map(|guest| (number, guest)));
        number
    }

    fn remove(&mut self, address: IpAddr, number: u64) {
        self.total -= 1;
        let Some(group) = self.groups.get_mut(&address) else {
            return;
        };
        group.open -= 1;
        group.guests.remove(&number);
        if group.open == 0 {
            self.groups.remove(&address);
        }
    }
}

impl ConnectionPermit {
    /// Protects the connection of an authenticated guest from eviction.
    pub(super) fn protect(&self) {
        let mut connections = self.limiter.lock();
        if let Some(group) = connections.groups.get_mut(&self.address) {
            group.guests.remove(&self.number);
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.limiter.lock().remove(self.address, self.number);
    }
}

/// Prefix length of an IPv6 address group.
const GROUP_BITS: u32 = 64;

#[cfg(test)]
mod tests;

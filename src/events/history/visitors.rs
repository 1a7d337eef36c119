//! The persons, devices and addresses that were let in.
//!
//! Named visitors and addresses have a map each, so that a flood of addresses evicts no name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    events::{event::Kind, factors::Factors},
    recent_map::RecentMap,
};

/// The visitors seen last.
pub struct Visitors {
    named: RecentMap<Key, Visitor>,
    addresses: RecentMap<Key, Visitor>,
}

/// Kind and name of a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Kind.
    pub kind: Kind,
    /// Name; the address as text for one without a name.
    pub name: String,
}

/// A person, device or address that was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// Time of the first request, in seconds since 1970.
    pub first: u64,
    /// Time of the last request, to a minute.
    pub last: u64,
    /// Entries: requests after half an hour without one, or from another network.
    pub entries: u64,
    /// Factors at the last request.
    pub factors: Factors,
    /// Address at the last request; none once it is forgotten.
    pub address: Option<IpAddr>,
    /// The networks of the last requests.
    pub networks: Vec<Network>,
}

/// A network with the time of its last request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first 16 bits of an IPv4 address, or 32 of an IPv6 address: mostly one provider.
    pub prefix: IpAddr,
    /// Time of the last request from it, in seconds since 1970.
    pub last: u64,
}

/// One request of a visitor.
#[derive(Clone, Copy)]
pub(super) struct Sighting {
    pub(super) at: u64,
    pub(super) factors: Factors,
    /// None if addresses are not stored.
    pub(super) address: Option<IpAddr>,
}

/// The news in a request of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The visitor was seen within half an hour.
    Nothing,
    /// The visitor was not seen for half an hour.
    Entry,
    /// The visitor was never seen.
    First,
    /// The visitor was never seen from this network.
    NewNetwork,
}

/// Visitors in the file, and in each map at most.
pub(super) const MOST: usize = 500;
/// Networks of a visitor at most.
pub(super) const NETWORKS: usize = 4;
/// Seconds without a request after which the next one is an entry.
const PAUSE: u64 = 30 * 60;

impl Visitors {
    /// Records a request and returns its news.
    pub(super) fn see(&mut self, key: Key, sighting: Sighting) -> News {
        let map = self.map(key.kind);
        let Some(mut visitor) = map.take(&key) else {
            map.insert(key, Visitor::new(sighting));
            return News::First;
        };
        let news = visitor.see(sighting);
        map.insert(key, visitor);
        news
    }

    /// Records a request whose news are known from other records.
    pub(super) fn follow(&mut self, key: Key, sighting: Sighting, is_entry: bool) {
        let map = self.map(key.kind);
        let mut visitor = map.take(&key).unwrap_or(Visitor {
            first: sighting.at,
            ..Visitor::default()
        });
        let entries = visitor.entries + u64::from(is_entry);
        visitor.see(sighting);
        visitor.entries = entries;
        map.insert(key, visitor);
    }

    /// Returns the visitors that were seen last, named ones before addresses.
    #[must_use]
    pub fn latest(&self) -> Vec<(&Key, &Visitor)> {
        let sorted = |map: &RecentMap<Key, Visitor>| {
            let mut all = map.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            all.sort_by_key(|key| std::cmp::Reverse(map.get(key).map(|seen| seen.last)));
            all
        };
        let mut found = Vec::new();
        for map in [&self.named, &self.addresses] {
            for key in sorted(map) {
                found.extend(map.get_entry(&key));
            }
        }
        found.truncate(MOST);
        found
    }

    /// Restores a visitor of the file, or adds one of another process.
    pub(super) fn merge(&mut self, key: Key, other: Visitor) {
        let map = self.map(key.kind);
        let merged = match map.take(&key) {
            Some(visitor) => visitor.merged(other),
            None => other,
        };
        map.insert(key, merged);
    }

    /// Forgets the addresses before a time; addresses without a name are removed.
    pub(super) fn forget(&mut self, before: u64) {
        self.addresses.retain(|_, visitor| visitor.last >= before);
        self.named.retain(|_, visitor| {
            visitor.forget(before);
            true
        });
    }

    fn map(&mut self, kind: Kind) -> &mut RecentMap<Key, Visitor> {
        match kind {
            Kind::Address => &mut self.addresses,
            Kind::Person | Kind::Device => &mut self.named,
        }
    }
}

impl Default for Visitors {
    fn default() -> Self {
        Self {
            named: RecentMap::new(2 * MOST),
            addresses: RecentMap::new(2 * MOST),
        }
    }
}

impl Visitor {
    fn new(sighting: Sighting) -> Self {
        let mut visitor = Self {
            first: sighting.at,
            ..Self::default()
        };
        visitor.see(sighting);
        visitor.entries = 1;
        visitor
    }

    fn see(&mut self, sighting: Sighting) -> News {
        let is_new_network = sighting.address.is_some_and(|address| {
            let is_first = self.networks.is_empty();
            self.add_network(Network::of(address, sighting.at)) && !is_first
        });
        let has_paused = sighting.at.saturating_sub(self.last) >= PAUSE;
        self.first = self.first.min(sighting.at);
        self.last = sighting.at;
        self.factors = sighting.factors;
        self.address = sighting.address;
        let news = match (is_new_network, has_paused) {
            (true, _) => News::NewNetwork,
            (false, true) => News::Entry,
            (false, false) => News::Nothing,
        };
        self.entries += u64::from(news != News::Nothing);
        news
    }

    /// Adds a network; returns false if the visitor has it.
    fn add_network(&mut self, network: Network) -> bool {
        let mut known = self.networks.iter_mut();
        if let Some(known) = known.find(|known| known.prefix == network.prefix) {
            known.last = known.last.max(network.last);
            return false;
        }
        self.networks.push(network);
        self.networks
            .sort_by_key(|known| std::cmp::Reverse(known.last));
        self.networks.truncate(NETWORKS);
        true
    }

    fn merged(self, other: Self) -> Self {
        let (mut newer, older) = match self.last >= other.last {
            true => (self, other),
            false => (other, self),
        };
        newer.first = newer.first.min(older.first);
        newer.entries = newer.entries.saturating_add(older.entries);
        for network in older.networks {
            newer.add_network(network);
        }
        newer
    }

    fn forget(&mut self, before: u64) {
        self.networks.retain(|network| network.last >= before);
        self.address = self.address.filter(|_| self.last >= before);
    }
}

impl Network {
    pub(super) fn of(address: IpAddr, last: u64) -> Self {
        let prefix = match address.to_canonical() {
            IpAddr::V4(address) => {
                let [first, second, ..] = address.octets();
                Ipv4Addr::new(first, second, 0, 0).into()
            }
            IpAddr::V6(address) => {
                let [first, second, ..] = address.segments();
                Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0).into()
            }
        };
        Self { prefix, last }
    }
}

#[cfg(test)]
mod tests;

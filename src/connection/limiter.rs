//! How many connections are open, in all and of one household, and who makes room when all
//! places are taken.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{AbortHandle, AbortRegistration};

use crate::{
    access::address_group::{WIDTHS, prefix},
    config::model::Limits,
};

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionLimiter(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    came: u64,
    /// By IPv4 address or IPv6 /64, so that those of wider groups stand together.
    groups: BTreeMap<IpAddr, AddressGroup>,
}

#[derive(Debug, Default)]
struct AddressGroup {
    open: usize,
    /// Those that may have to make room, in the order they came.
    guests: BTreeMap<u64, AbortHandle>,
}

/// Who a connection is from, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerClass {
    /// Anybody.
    Guest,
    /// Somebody in a network that a site names: never makes room for others.
    Home,
    /// A trusted proxy, who comes for many: has as many places as there are, and keeps them.
    Proxy,
}

/// Why there is no place for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Its address has as many as one may have.
    Address,
    /// All places are taken.
    All,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    address: IpAddr,
    number: u64,
}

impl ConnectionLimiter {
    /// A place for one more connection of this address, if there is one or a guest makes room:
    /// then that guest's future is aborted.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(super) fn permit(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        peer: PeerClass,
    ) -> Result<(ConnectionPermit, AbortRegistration), Full> {
        let address = prefix(address, HOUSEHOLD);
        let mut counted = self.lock();
        let own = counted.groups.get(&address).map_or(0, |it| it.open);
        let greedy = peer != PeerClass::Proxy && own >= limits.connections_per_address;
        let full = counted.all >= limits.connections;
        let comer = Some(address).filter(|_| peer == PeerClass::Guest);
        if greedy {
            return Err(Full::Address);
        }
        if full && !counted.evict(comer) {
            return Err(Full::All);
        }
        let (handle, registration) = AbortHandle::new_pair();
        let number = counted.enter(address, (peer == PeerClass::Guest).then_some(handle));
        drop(counted);
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

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// Sends the longest guest of the largest household of guests away, in the largest of the wider
    /// groups; one that `comer` belongs to itself, or in whose place it would hold as many, sends
    /// nobody away. Who is no guest needs no share.
    fn evict(&mut self, comer: Option<IpAddr>) -> bool {
        let mut fair = comer.is_none();
        let mut group = None;
        for bits in WIDTHS {
            let Some((largest, guests)) = self.largest(group, bits) else {
                return false;
            };
            let own = comer.filter(|comer| !fair && prefix(*comer, bits) != largest);
            if let Some(comer) = own {
                if guests <= self.open(comer, bits) {
                    return false;
                }
                fair = true;
            }
            group = Some((largest, bits));
        }
        let group = group.and_then(|(address, _)| self.groups.get_mut(&address));
        let longest = group
            .filter(|_| fair)
            .and_then(|group| group.guests.pop_first());
        longest.inspect(|(_, guest)| guest.abort()).is_some()
    }

    /// The group of so many bits with the most guests, within a wider one; the groups' households
    /// stand one behind the other.
    fn largest(&self, within: Option<(IpAddr, u32)>, bits: u32) -> Option<(IpAddr, usize)> {
        let mut largest: Option<(IpAddr, usize)> = None;
        let mut current: Option<(IpAddr, usize)> = None;
        let is_within =
            |address: &IpAddr| within.is_none_or(|(group, bits)| prefix(*address, bits) == group);
        let groups = self.groups.iter();
        for (address, members) in groups.filter(|(address, _)| is_within(address)) {
            let group = prefix(*address, bits);
            let before = current.filter(|(last, _)| *last == group);
            let guests = before.map_or(0, |(_, guests)| guests) + members.guests.len();
            current = Some((group, guests));
            if largest.is_none_or(|(_, most)| guests > most) {
                largest = current;
            }
        }
        largest.filter(|(_, guests)| *guests > 0)
    }

    /// The open connections of the group of so many bits that an address belongs to.
    fn open(&self, address: IpAddr, bits: u32) -> usize {
        let group = prefix(address, bits);
        let groups = self.groups.range(group..);
        let of_group = groups.take_while(|(address, _)| prefix(**address, bits) == group);
        of_group.map(|(_, group)| group.open).sum()
    }

    fn enter(&mut self, address: IpAddr, guest: Option<AbortHandle>) -> u64 {
        self.all += 1;
        self.came += 1;
        let group = self.groups.entry(address).or_default();
        group.open += 1;
        group.guests.extend(guest.map(|guest| (self.came, guest)));
        self.came
    }

    fn leave(&mut self, address: IpAddr, number: u64) {
        self.all -= 1;
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
    /// Keeps the place whoever comes: the guest has shown who it is.
    pub(super) fn keep(&self) {
        let mut counted = self.limiter.lock();
        if let Some(group) = counted.groups.get_mut(&self.address) {
            group.guests.remove(&self.number);
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.limiter.lock().leave(self.address, self.number);
    }
}

/// Bits of the IPv6 prefix that one household has.
const HOUSEHOLD: u32 = 64;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(connections: usize, connections_per_address: usize) -> Limits {
        Limits {
            body: None,
            connections,
            connections_per_address,
            header_time: Duration::ZERO,
            idle: Duration::ZERO,
            memory: 0,
            stream_idle: Duration::ZERO,
        }
    }

    fn come(
        limiter: &Arc<ConnectionLimiter>,
        from: &str,
        limits: &Limits,
        peer: PeerClass,
    ) -> Option<Sitting> {
        let permitted = limiter.permit(from.parse().unwrap(), limits, peer);
        let (permit, aborted) = permitted.ok()?;
        Some(Sitting { permit, aborted })
    }

    struct Sitting {
        permit: ConnectionPermit,
        aborted: AbortRegistration,
    }

    impl Sitting {
        fn must_leave(&self) -> bool {
            self.aborted.handle().is_aborted()
        }
    }

    #[test]
    fn a_place_is_given_back_and_a_household_counts_as_one() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permit = |from, peer| come(&limiter, from, &limits(3, 2), peer);
        let first = permit("2001:db8::1", PeerClass::Home);
        let _second = permit("2001:db8::2", PeerClass::Home).unwrap();
        assert!(permit("2001:db8::3", PeerClass::Home).is_none());
        let _third = permit("2001:db8::3", PeerClass::Proxy).unwrap();
        assert!(permit("192.0.2.1", PeerClass::Home).is_none(), "full");
        drop(first);
        assert!(permit("::ffff:192.0.2.1", PeerClass::Guest).is_some());
        assert_eq!(limiter.lock().groups.len(), 1);
    }

    #[test]
    fn who_holds_most_places_makes_room_and_the_longest_first() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permit = |from| come(&limiter, from, &limits(4, 3), PeerClass::Guest);
        let greedy: Vec<_> = (0..3).map(|_| permit("192.0.2.1").unwrap()).collect();
        let other = permit("192.0.2.2").unwrap();
        let owner = permit("192.0.2.3").unwrap();
        let left: Vec<_> = greedy.iter().map(Sitting::must_leave).collect();
        assert_eq!(left, [true, false, false]);
        assert!(!other.must_leave() && !owner.must_leave());
        drop(greedy);
        assert_eq!(limiter.lock().all, 2);
    }

    #[test]
    fn nobody_makes_room_for_a_household_that_holds_as_many() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permit = |from, peer| come(&limiter, from, &limits(2, 2), peer);
        let (first, second) = (
            permit("192.0.2.1", PeerClass::Guest),
            permit("192.0.2.2", PeerClass::Guest),
        );
        assert!(permit("192.0.2.1", PeerClass::Guest).is_none());
        let home = permit("192.168.1.2", PeerClass::Home).unwrap();
        let left = [first.unwrap().must_leave(), second.unwrap().must_leave()];
        assert_eq!(left.iter().filter(|left| **left).count(), 1);
        assert!(!home.must_leave());
    }

    #[test]
    fn a_prefix_with_many_households_makes_room_before_one_household_with_some() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permit = |from: &str| come(&limiter, from, &limits(64, 8), PeerClass::Guest);
        let owners = ["192.0.2.1", "2001:db8:ffff:1::1"].map(|from| {
            let seats = (0..6).map(|_| permit(from).unwrap());
            seats.collect::<Vec<_>>()
        });
        let spread = |network: usize| format!("2001:db8:1:{network:x}::1");
        let mut spread_out: Vec<_> = (0..52).map(|n| permit(&spread(n)).unwrap()).collect();
        spread_out.extend((52..300).filter_map(|n| permit(&spread(n))));
        assert!(!owners.iter().flatten().any(Sitting::must_leave));
        assert!(permit("192.0.2.1").is_some() && permit("2001:db8:ffff:1::1").is_some());
        assert!(spread_out.iter().any(Sitting::must_leave));
    }

    #[test]
    fn neither_home_nor_who_has_shown_a_certificate_makes_room() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let permit = |from, peer| come(&limiter, from, &limits(2, 2), peer);
        let phone = permit("192.0.2.1", PeerClass::Guest).unwrap();
        phone.permit.keep();
        let home = permit("192.168.1.2", PeerClass::Home).unwrap();
        assert!(permit("192.0.2.2", PeerClass::Guest).is_none());
        assert!(!phone.must_leave() && !home.must_leave());
    }
}

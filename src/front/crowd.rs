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
pub(super) struct Crowd(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    came: u64,
    /// By IPv4 address or IPv6 /64, so that those of wider groups stand together.
    households: BTreeMap<IpAddr, Household>,
}

#[derive(Debug, Default)]
struct Household {
    open: usize,
    /// Those that may have to make room, in the order they came.
    guests: BTreeMap<u64, AbortHandle>,
}

/// Who a connection is from, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Anybody.
    Guest,
    /// Somebody in a network that a site names: never makes room for others.
    Home,
    /// A trusted proxy, who comes for many: has as many places as there are, and keeps them.
    Proxy,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    address: IpAddr,
    number: u64,
}

impl Crowd {
    /// A place for one more connection of this address, if there is one or a guest makes room:
    /// then that guest's future is aborted.
    pub(super) fn seat(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        peer: Peer,
    ) -> Option<(Seat, AbortRegistration)> {
        let address = prefix(address, HOUSEHOLD);
        let mut counted = self.lock();
        let own = counted.households.get(&address).map_or(0, |it| it.open);
        let greedy = peer != Peer::Proxy && own >= limits.connections_per_address;
        let full = counted.all >= limits.connections;
        let comer = Some(address).filter(|_| peer == Peer::Guest);
        if greedy || full && !counted.make_room(comer) {
            return None;
        }
        let (handle, registration) = AbortHandle::new_pair();
        let number = counted.enter(address, (peer == Peer::Guest).then_some(handle));
        drop(counted);
        let crowd = self.clone();
        Some((
            Seat {
                crowd,
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
    fn make_room(&mut self, comer: Option<IpAddr>) -> bool {
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
        let household = group.and_then(|(address, _)| self.households.get_mut(&address));
        let longest = household
            .filter(|_| fair)
            .and_then(|household| household.guests.pop_first());
        longest.inspect(|(_, guest)| guest.abort()).is_some()
    }

    /// The group of so many bits with the most guests, within a wider one; the groups' households
    /// stand one behind the other.
    fn largest(&self, within: Option<(IpAddr, u32)>, bits: u32) -> Option<(IpAddr, usize)> {
        let mut largest: Option<(IpAddr, usize)> = None;
        let mut current: Option<(IpAddr, usize)> = None;
        let is_within =
            |address: &IpAddr| within.is_none_or(|(group, bits)| prefix(*address, bits) == group);
        let households = self.households.iter();
        for (address, household) in households.filter(|(address, _)| is_within(address)) {
            let group = prefix(*address, bits);
            let before = current.filter(|(last, _)| *last == group);
            let guests = before.map_or(0, |(_, guests)| guests) + household.guests.len();
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
        let households = self.households.range(group..);
        let of_group = households.take_while(|(address, _)| prefix(**address, bits) == group);
        of_group.map(|(_, household)| household.open).sum()
    }

    fn enter(&mut self, address: IpAddr, guest: Option<AbortHandle>) -> u64 {
        self.all += 1;
        self.came += 1;
        let household = self.households.entry(address).or_default();
        household.open += 1;
        household
            .guests
            .extend(guest.map(|guest| (self.came, guest)));
        self.came
    }

    fn leave(&mut self, address: IpAddr, number: u64) {
        self.all -= 1;
        let Some(household) = self.households.get_mut(&address) else {
            return;
        };
        household.open -= 1;
        household.guests.remove(&number);
        if household.open == 0 {
            self.households.remove(&address);
        }
    }
}

impl Seat {
    /// Keeps the place whoever comes: the guest has shown who it is.
    pub(super) fn keep(&self) {
        let mut counted = self.crowd.lock();
        if let Some(household) = counted.households.get_mut(&self.address) {
            household.guests.remove(&self.number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.crowd.lock().leave(self.address, self.number);
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

    fn come(crowd: &Arc<Crowd>, from: &str, limits: &Limits, peer: Peer) -> Option<Sitting> {
        let (seat, aborted) = crowd.seat(from.parse().unwrap(), limits, peer)?;
        Some(Sitting { seat, aborted })
    }

    struct Sitting {
        seat: Seat,
        aborted: AbortRegistration,
    }

    impl Sitting {
        fn must_leave(&self) -> bool {
            self.aborted.handle().is_aborted()
        }
    }

    #[test]
    fn a_place_is_given_back_and_a_household_counts_as_one() {
        let crowd = Arc::new(Crowd::default());
        let seat = |from, peer| come(&crowd, from, &limits(3, 2), peer);
        let first = seat("2001:db8::1", Peer::Home);
        let _second = seat("2001:db8::2", Peer::Home).unwrap();
        assert!(seat("2001:db8::3", Peer::Home).is_none());
        let _third = seat("2001:db8::3", Peer::Proxy).unwrap();
        assert!(seat("192.0.2.1", Peer::Home).is_none(), "full");
        drop(first);
        assert!(seat("::ffff:192.0.2.1", Peer::Guest).is_some());
        assert_eq!(crowd.lock().households.len(), 1);
    }

    #[test]
    fn who_holds_most_places_makes_room_and_the_longest_first() {
        let crowd = Arc::new(Crowd::default());
        let seat = |from| come(&crowd, from, &limits(4, 3), Peer::Guest);
        let greedy: Vec<_> = (0..3).map(|_| seat("192.0.2.1").unwrap()).collect();
        let other = seat("192.0.2.2").unwrap();
        let owner = seat("192.0.2.3").unwrap();
        let left: Vec<_> = greedy.iter().map(Sitting::must_leave).collect();
        assert_eq!(left, [true, false, false]);
        assert!(!other.must_leave() && !owner.must_leave());
        drop(greedy);
        assert_eq!(crowd.lock().all, 2);
    }

    #[test]
    fn nobody_makes_room_for_a_household_that_holds_as_many() {
        let crowd = Arc::new(Crowd::default());
        let seat = |from, peer| come(&crowd, from, &limits(2, 2), peer);
        let (first, second) = (
            seat("192.0.2.1", Peer::Guest),
            seat("192.0.2.2", Peer::Guest),
        );
        assert!(seat("192.0.2.1", Peer::Guest).is_none());
        let home = seat("192.168.1.2", Peer::Home).unwrap();
        let left = [first.unwrap().must_leave(), second.unwrap().must_leave()];
        assert_eq!(left.iter().filter(|left| **left).count(), 1);
        assert!(!home.must_leave());
    }

    #[test]
    fn a_prefix_with_many_households_makes_room_before_one_household_with_some() {
        let crowd = Arc::new(Crowd::default());
        let seat = |from: &str| come(&crowd, from, &limits(64, 8), Peer::Guest);
        let owners = ["192.0.2.1", "2001:db8:ffff:1::1"].map(|from| {
            let seats = (0..6).map(|_| seat(from).unwrap());
            seats.collect::<Vec<_>>()
        });
        let spread = |network: usize| format!("2001:db8:1:{network:x}::1");
        let mut spread_out: Vec<_> = (0..52).map(|n| seat(&spread(n)).unwrap()).collect();
        spread_out.extend((52..300).filter_map(|n| seat(&spread(n))));
        assert!(!owners.iter().flatten().any(Sitting::must_leave));
        assert!(seat("192.0.2.1").is_some() && seat("2001:db8:ffff:1::1").is_some());
        assert!(spread_out.iter().any(Sitting::must_leave));
    }

    #[test]
    fn neither_home_nor_who_has_shown_a_certificate_makes_room() {
        let crowd = Arc::new(Crowd::default());
        let seat = |from, peer| come(&crowd, from, &limits(2, 2), peer);
        let phone = seat("192.0.2.1", Peer::Guest).unwrap();
        phone.seat.keep();
        let home = seat("192.168.1.2", Peer::Home).unwrap();
        assert!(seat("192.0.2.2", Peer::Guest).is_none());
        assert!(!phone.must_leave() && !home.must_leave());
    }
}

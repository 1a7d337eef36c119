//! How many connections are open, in all and of one household, and who makes room when all
//! places are taken.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{AbortHandle, AbortRegistration};

use crate::config::model::Limits;

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    came: u64,
    households: HashMap<IpAddr, Household>,
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
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    address: IpAddr,
    number: u64,
}

impl Crowd {
    /// A place for one more connection of this address, if there is one or a guest makes room:
    /// then that guest's future is aborted.
    ///
    /// # Errors
    /// The limit that is reached.
    pub(super) fn seat(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        peer: Peer,
    ) -> Result<(Seat, AbortRegistration), Full> {
        let address = household(address);
        let mut counted = self.lock();
        let own = counted.households.get(&address).map_or(0, |it| it.open);
        let greedy = peer != Peer::Proxy && own >= limits.connections_per_address;
        let share = if peer == Peer::Guest { own } else { 0 };
        let full = counted.all >= limits.connections;
        if greedy {
            return Err(Full::Address);
        }
        if full && !counted.make_room(share) {
            return Err(Full::All);
        }
        let (handle, registration) = AbortHandle::new_pair();
        let number = counted.enter(address, (peer == Peer::Guest).then_some(handle));
        drop(counted);
        let crowd = self.clone();
        Ok((
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
    /// Sends the longest guest of the largest household of guests away, if that has more than
    /// `share`: whoever holds many places makes room for who holds few.
    fn make_room(&mut self, share: usize) -> bool {
        let largest = self
            .households
            .values_mut()
            .max_by_key(|it| it.guests.len());
        let Some(largest) = largest.filter(|it| it.guests.len() > share) else {
            return false;
        };
        let longest = largest.guests.pop_first();
        longest.inspect(|(_, guest)| guest.abort()).is_some()
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

/// An IPv4 address, or the /64 of an IPv6 one: what one household has.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        v4 => v4,
    }
}

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
        let seated = crowd.seat(from.parse().unwrap(), limits, peer);
        let (seat, aborted) = seated.ok()?;
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

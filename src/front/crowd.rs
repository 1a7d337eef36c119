//! How many connections are open, in all and of one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use crate::config::model::Limits;

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    /// A place for one more connection of this address, if there is one.
    pub(super) fn seat(
        self: &Arc<Self>,
        peer: IpAddr,
        limits: &Limits,
        exempt: bool,
    ) -> Option<Seat> {
        let address = household(peer);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = counted.by_address.get(&address).copied().unwrap_or(0);
        let full =
            counted.all >= limits.connections || (!exempt && own >= limits.connections_per_address);
        if full {
            return None;
        }
        counted.all += 1;
        counted.by_address.insert(address, own + 1);
        drop(counted);
        Some(Seat {
            crowd: self.clone(),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counted = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.all -= 1;
        if let Some(own) = counted.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                counted.by_address.remove(&self.address);
            }
        }
    }
}

/// An IPv4 address, or the /64 of an IPv6 one: what one household has.
fn household(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
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

    #[test]
    fn a_place_is_given_back_and_a_household_counts_as_one() {
        let limits = Limits {
            body: None,
            connections: 3,
            connections_per_address: 2,
            header_time: Duration::ZERO,
            idle: Duration::ZERO,
            stream_idle: Duration::ZERO,
        };
        let crowd = Arc::new(Crowd::default());
        let seat = |text: &str, exempt| crowd.seat(text.parse().unwrap(), &limits, exempt);
        let first = seat("2001:db8::1", false);
        let _second = seat("2001:db8::2", false).unwrap();
        assert!(seat("2001:db8::3", false).is_none());
        let _third = seat("2001:db8::3", true).unwrap();
        assert!(seat("192.0.2.1", false).is_none(), "full");
        drop(first);
        assert!(seat("::ffff:192.0.2.1", false).is_some());
        assert_eq!(crowd.0.lock().unwrap().by_address.len(), 1);
    }
}

//! A router that rewrites who a connection is from makes the whole Internet look like home.
//!
//! Nothing can be refused for it: a router may well be a client. But it is told.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::warn;

use crate::config::model::Host;

/// The routers of this machine, and whether one of them was told of.
#[derive(Debug)]
pub(super) struct NatLoopback {
    routers: Vec<IpAddr>,
    told: AtomicBool,
}

/// IPv4 routes, as the kernel shows them also to a service that sees processes only
/// (`ProcSubset=pid`).
const ROUTES: &str = "/proc/self/net/route";

impl NatLoopback {
    /// Knows the routers of this machine; none where the kernel does not tell.
    pub(super) fn load() -> Self {
        Self {
            routers: routers(&fs::read_to_string(ROUTES).unwrap_or_default()),
            told: AtomicBool::new(false),
        }
    }

    /// Warns once when a router was let in by its network under a public name.
    pub(super) fn notice(&self, peer: IpAddr, host: &Host) {
        let suspect = self.routers.contains(&peer) && is_public(host);
        if suspect && !self.told.swap(true, Ordering::Relaxed) {
            warn!(
                "the router {peer} itself asked for {host} and was let in as one of `networks`: \
                 if it rewrites the source of connections from outside (NAT loopback), \
                 everybody is let in; turn that off, or take the router out of `networks`"
            );
        }
    }
}

/// Whether the name may be known outside.
fn is_public(host: &Host) -> bool {
    match host {
        Host::Name(name) => name.contains('.') && !name.ends_with(".local"),
        Host::Wildcard(_) => true,
        Host::Address(_) => false,
    }
}

/// The gateways of a table of routes: addresses are little-endian hexadecimal.
fn routers(table: &str) -> Vec<IpAddr> {
    let gateways = table.lines().skip(1).filter_map(|line| {
        let gateway = line.split_whitespace().nth(2)?;
        u32::from_str_radix(gateway, 16).ok()
    });
    gateways
        .filter(|gateway| *gateway != 0)
        .map(|gateway| IpAddr::V4(Ipv4Addr::from(gateway.to_le_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_found_and_told_of_once() {
        let table = "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0101A8C0\t0003\n\
                     eth0\t0001A8C0\t00000000\t0001\n";
        let router: IpAddr = "192.168.1.1".parse().unwrap();
        assert_eq!(routers(table), [router]);
        let nat_loopback = NatLoopback {
            routers: vec![router],
            told: AtomicBool::new(false),
        };
        let told = |host: &str| {
            nat_loopback.notice(router, &Host::Name(host.to_owned()));
            nat_loopback.told.load(Ordering::Relaxed)
        };
        assert!(!told("openhabian.local") && !told("openhab"));
        assert!(told("home.example.org"));
    }
}

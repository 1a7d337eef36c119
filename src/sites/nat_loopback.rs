//! Detection of NAT loopback: a router that replaces the source address of connections makes every
//! client on the Internet appear local.
//!
//! It causes a warning and no refusal, because a router may be a client itself.

use std::{
    net::IpAddr,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::warn;

use super::gateways::Gateways;
use crate::config::model::Host;

/// The routers of this machine, and the state of the warning.
#[derive(Debug)]
pub(super) struct NatLoopback {
    routers: Gateways,
    has_warned: AtomicBool,
}

impl NatLoopback {
    /// Loads the routers of this machine; none if the kernel has no routing table.
    pub(super) fn load() -> Self {
        Self::new(Gateways::load(Path::new("/")))
    }

    fn new(routers: Gateways) -> Self {
        Self {
            routers,
            has_warned: AtomicBool::new(false),
        }
    }

    /// Warns once if `networks` admitted a router under a public host name.
    pub(super) fn notice(&self, peer: IpAddr, host: &Host) {
        let is_suspect = self.routers.contains(peer) && is_public(host);
        if is_suspect && !self.has_warned.swap(true, Ordering::Relaxed) {
            warn!(
                "the router {peer} requested {host} and was admitted by `networks`: if it replaces \
                 the source address of connections from outside (NAT loopback), every client on the \
                 Internet is admitted; turn that off in the router, or remove its address from \
                 `networks`"
            );
        }
    }
}

/// Reports whether the host may be a name in the public DNS.
fn is_public(host: &Host) -> bool {
    match host {
        Host::Name(name) => name.contains('.') && !name.ends_with(".local"),
        Host::Wildcard(_) => true,
        Host::Address(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_under_a_public_name_causes_one_warning() {
        let table = "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0101A8C0\t0003\n\
                     eth0\t0001A8C0\t00000000\t0001\n";
        let router: IpAddr = "192.168.1.1".parse().unwrap();
        let nat_loopback = NatLoopback::new(Gateways::parse(table, ""));
        let has_warned = |host: &str| {
            nat_loopback.notice(router, &Host::Name(host.to_owned()));
            nat_loopback.has_warned.load(Ordering::Relaxed)
        };
        assert!(!has_warned("openhabian.local") && !has_warned("openhab"));
        assert!(has_warned("home.example.org"));
    }
}

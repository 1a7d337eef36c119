//! The hosts of the sites: each resolves to this machine, or to a router that forwards to it.

use std::{
    collections::BTreeSet,
    net::{IpAddr, ToSocketAddrs},
};

use super::{
    Finding,
    network::{is_public, own_addresses},
};
use crate::config::model::Host;

/// A host and the addresses of this machine.
pub(super) struct HostCheck<'h> {
    host: &'h Host,
    own: BTreeSet<IpAddr>,
}

impl<'h> HostCheck<'h> {
    pub(super) fn new(host: &'h Host) -> Self {
        Self {
            host,
            own: own_addresses(),
        }
    }

    /// Resolves the host on this machine, and reports each of its addresses.
    pub(super) fn findings(&self) -> Vec<Finding> {
        match self.host {
            Host::Wildcard(_) => Vec::new(),
            Host::Address(address) => vec![self.address(*address)],
            Host::Name(name) => self.name(name),
        }
    }

    fn subject(&self) -> String {
        format!("name {}", self.host)
    }

    fn name(&self, name: &str) -> Vec<Finding> {
        // getaddrinfo requires a port, which is not used.
        match (name, 0).to_socket_addrs() {
            Ok(found) => {
                let addresses: BTreeSet<_> =
                    found.map(|address| address.ip().to_canonical()).collect();
                let addresses = addresses.into_iter();
                addresses
                    .map(|address| self.resolved(name, address))
                    .collect()
            }
            Err(fault) => vec![self.unresolved(name, &fault.to_string())],
        }
    }

    fn unresolved(&self, name: &str, fault: &str) -> Finding {
        let cause = format!("it does not resolve here ({fault})");
        // Local names are resolved by multicast DNS, which this machine may not support.
        if name.ends_with(".local") || !name.contains('.') {
            return Finding::warn(self.subject(), cause)
                .cure("install libnss-mdns to resolve it here, or remove it from `hosts`");
        }
        Finding::fail(self.subject(), cause)
            .cure("set its A or AAAA record to the address of your home, or remove it from `hosts`")
    }

    fn address(&self, address: IpAddr) -> Finding {
        match self.own.contains(&address) {
            true => Finding::ok(self.subject(), "it is this machine's"),
            false => Finding::warn(self.subject(), "this machine does not have this address")
                .cure("correct it in `hosts`, or let the router always assign it to this machine"),
        }
    }

    fn resolved(&self, name: &str, address: IpAddr) -> Finding {
        let subject = self.subject();
        if address.is_loopback() {
            return self.loopback(name, address);
        }
        if self.own.contains(&address) {
            return Finding::ok(
                subject,
                format!("resolves to {address}, which is this machine"),
            );
        }
        match address {
            IpAddr::V6(_) => Finding::warn(
                subject,
                format!("resolves to {address}, which is not this machine"),
            )
            .cure("set the AAAA record to this machine's own address, or remove the record"),
            IpAddr::V4(_) if is_public(address) => self.public(address),
            IpAddr::V4(_) => Finding::warn(
                subject,
                format!("resolves to {address}, another machine of a home network"),
            )
            .cure("correct its A record, or the entry in the router or /etc/hosts"),
        }
    }

    fn loopback(&self, name: &str, address: IpAddr) -> Finding {
        let cause = format!("resolves to {address}, which is each machine itself");
        if name == "localhost" || name.ends_with(".localhost") {
            return Finding::ok(self.subject(), cause);
        }
        Finding::warn(self.subject(), cause).cure(
            "where this is from /etc/hosts, it holds on this machine only; otherwise correct the record",
        )
    }

    /// Reports a public address that this machine does not have: correct behind a router only.
    fn public(&self, address: IpAddr) -> Finding {
        let is_on_internet = self.own.iter().any(|own| own.is_ipv4() && is_public(*own));
        if is_on_internet {
            return Finding::warn(
                self.subject(),
                format!("resolves to {address}, which is not this machine"),
            )
            .cure("correct its A record");
        }
        Finding::ok(
            self.subject(),
            format!(
                "resolves to {address}, probably your router: right if it forwards ports 80 and 443 \
                 to this machine"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn resolved(own: &[&str], address: &str) -> Finding {
        let host = Host::Name("home.example.org".into());
        let check = HostCheck {
            host: &host,
            own: own.iter().map(|ip| ip.parse().unwrap()).collect(),
        };
        check.resolved("home.example.org", address.parse().unwrap())
    }

    #[test]
    fn the_address_of_a_name_decides_about_its_finding() {
        let home = ["127.0.0.1", "192.168.1.5", "2001:db8::5"];
        for (address, level, part) in [
            ("192.168.1.5", Level::Ok, "this machine"),
            ("2001:db8::5", Level::Ok, "this machine"),
            ("203.0.113.7", Level::Ok, "probably your router"),
            ("192.168.1.6", Level::Warn, "another machine"),
            ("2001:db8::6", Level::Warn, "not this machine"),
            ("127.0.1.1", Level::Warn, "each machine itself"),
        ] {
            let found = resolved(&home, address);
            assert_eq!(found.level, level, "{address}: {found:?}");
            assert!(found.cause.contains(part), "{found:?}");
        }
    }

    #[test]
    fn a_machine_on_the_internet_is_behind_no_router() {
        let found = resolved(&["127.0.0.1", "203.0.113.5"], "203.0.113.7");
        assert_eq!(found.level, Level::Warn, "{found:?}");
    }

    #[test]
    fn an_unknown_name_fails_and_a_local_one_is_a_warning() {
        let level = |name: &str| {
            let host = Host::Name(name.into());
            let own = BTreeSet::new();
            HostCheck { host: &host, own }
                .unresolved(name, "not known")
                .level
        };
        assert_eq!(level("home.example.org"), Level::Fail);
        assert_eq!(level("openhabian.local"), Level::Warn);
        assert_eq!(level("openhabian"), Level::Warn);
    }
}

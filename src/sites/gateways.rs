//! The gateways in the kernel's routing tables.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
};

/// The IPv4 routing table, which a service with `ProcSubset=pid` can read too.
const ROUTES: &str = "proc/self/net/route";
/// The IPv6 routing table.
const IPV6_ROUTES: &str = "proc/self/net/ipv6_route";

/// Addresses to which this machine sends packets for other networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gateways(Vec<IpAddr>);

impl Gateways {
    /// Loads the gateways of this machine; none if the kernel has no routing table.
    pub(super) fn load(root: &Path) -> Self {
        let read = |file| fs::read_to_string(root.join(file)).unwrap_or_default();
        Self::parse(&read(ROUTES), &read(IPV6_ROUTES))
    }

    pub(super) fn parse(ipv4: &str, ipv6: &str) -> Self {
        let four = ipv4.lines().skip(1).filter_map(ipv4_gateway);
        let six = ipv6.lines().filter_map(ipv6_gateway);
        let all = four.map(IpAddr::V4).chain(six.map(IpAddr::V6));
        Self(all.filter(|gateway| !gateway.is_unspecified()).collect())
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.0.iter().copied()
    }
}

/// Parses the third column, in little-endian hexadecimal.
fn ipv4_gateway(line: &str) -> Option<Ipv4Addr> {
    let gateway = line.split_whitespace().nth(2)?;
    let gateway = u32::from_str_radix(gateway, 16).ok()?;
    Some(Ipv4Addr::from(gateway.to_le_bytes()))
}

/// Parses the fifth column, the next hop.
fn ipv6_gateway(line: &str) -> Option<Ipv6Addr> {
    let gateway = line.split_whitespace().nth(4)?;
    u128::from_str_radix(gateway, 16).ok().map(Ipv6Addr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_parsed_from_both_routing_tables() {
        let ipv4 = "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t010011AC\t0003\n\
                    eth0\t000011AC\t00000000\t0001\n";
        let ipv6 = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 \
                    00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n\
                    00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                    fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n";
        let gateways: Vec<_> = Gateways::parse(ipv4, ipv6).iter().collect();
        let expected: [IpAddr; 2] = ["172.17.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        assert_eq!(gateways, expected);
        assert_eq!(Gateways::parse("", ""), Gateways::default());
        assert_eq!(Gateways::parse("a\nb c\n", "d e f"), Gateways::default());
    }
}

//! The addresses of this machine, and the scope of an address.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The IPv4 routing table, which lists the machine's own addresses.
const FIB_TRIE: &str = "/proc/net/fib_trie";
/// The IPv6 addresses of all interfaces.
const IF_INET6: &str = "/proc/net/if_inet6";

/// Returns the addresses of this machine, loopback included.
pub(super) fn own_addresses() -> BTreeSet<IpAddr> {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let (four, six) = (read(FIB_TRIE), read(IF_INET6));
    let four = ipv4(&four).map(IpAddr::from);
    four.chain(ipv6(&six).map(IpAddr::from)).collect()
}

/// Reports whether the Internet routes to an address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            // RFC 6598.
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || is_shared)
        }
        // Global unicast addresses are assigned from 2000::/3.
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}

/// Returns the local addresses: each is on the line before its type.
fn ipv4(table: &str) -> impl Iterator<Item = Ipv4Addr> {
    let lines = table.lines().zip(table.lines().skip(1));
    let local = lines.filter(|(_, next)| next.contains("/32 host LOCAL"));
    local.filter_map(|(line, _)| line.trim_start_matches([' ', '|', '-', '+']).parse().ok())
}

fn ipv6(table: &str) -> impl Iterator<Item = Ipv6Addr> {
    table.lines().filter_map(|line| {
        let digits = line.split_whitespace().next()?;
        u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_parsed_from_the_tables_of_the_kernel() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.168.1.0\n        /24 link UNICAST\n\
                    \x20    |-- 192.168.1.5\n        /32 host LOCAL\n     |-- 192.168.1.255\n\
                    \x20       /32 link BROADCAST\n";
        let found: Vec<_> = ipv4(trie).collect();
        assert_eq!(found, [Ipv4Addr::new(192, 168, 1, 5)]);
        let six = "fe80000000000000000000000000abcd 02 40 20 80     eth0\n";
        let expected: Ipv6Addr = "fe80::abcd".parse().unwrap();
        assert_eq!(ipv6(six).collect::<Vec<_>>(), [expected]);
        assert!(own_addresses().contains(&IpAddr::from(Ipv4Addr::LOCALHOST)));
    }

    #[test]
    fn an_address_is_public_if_the_internet_routes_to_it() {
        for (address, public) in [
            ("93.184.216.34", true),
            ("100.64.0.1", false),
            ("172.20.0.1", false),
            ("2001:db8::1", true),
            ("fd00::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}

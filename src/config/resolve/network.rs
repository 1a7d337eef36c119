//! Networks: `lan`, `public`, single addresses and CIDR blocks (RFC 4632; RFC 4291, section 2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Resolved, Resolver};
use crate::config::{model::Networks, tree::Location};

/// The networks of `lan`: loopback, RFC 1918, unique local (RFC 4193) and link-local.
pub const LAN: [IpNet; 8] = [
    v4([127, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([169, 254, 0, 0], 16),
    v6(Ipv6Addr::LOCALHOST, 128),
    v6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    v6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6(address: Ipv6Addr, prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(address), prefix)
}

impl Resolver<'_> {
    /// Resolves networks of an access rule.
    pub(super) fn access_networks(
        &mut self,
        location: &Location<'_>,
        written: &[String],
    ) -> Resolved<Networks> {
        if written.is_empty() {
            let cure = "no network at all: name one, or remove `networks`";
            return self.missing(location, cure);
        }
        let parse = |text: &str| NetworkText(text).parse_for_entry();
        let networks = self.each(location, written, parse)?;
        Ok(Networks(networks.concat()))
    }

    /// Resolves networks of proxies, each of which can claim any client address for a request.
    pub(super) fn trusted_proxies(
        &mut self,
        location: &Location<'_>,
        written: &[String],
    ) -> Resolved<Networks> {
        let proxies = self.each(location, written, |text| NetworkText(text).parse())?;
        let proxies = proxies.concat();
        if proxies.iter().any(|network| network.prefix_len() == 0) {
            let cure =
                "every client could claim any address: name only the proxy in front of hubgate";
            return self.fault(location, cure);
        }
        Ok(Networks(proxies))
    }
}

/// A network as written.
struct NetworkText<'t>(&'t str);

impl NetworkText<'_> {
    /// Parses a network of an access rule, in which only the word `public` means every address:
    /// `0.0.0.0/0` is easily misread.
    fn parse_for_entry(&self) -> Result<Vec<IpNet>, String> {
        let text = self.0;
        let networks = self.parse()?;
        let is_all = networks.iter().any(|network| network.prefix_len() == 0);
        if is_all && text != "public" {
            return Err(format!(
                "\"{text}\" is the whole Internet: write `access: public`, or `networks: [public]` to \
                 require no password anywhere"
            ));
        }
        Ok(networks)
    }

    fn parse(&self) -> Result<Vec<IpNet>, String> {
        match self.0 {
            "lan" => return Ok(LAN.to_vec()),
            "public" => return Ok(vec![Ipv4Net::default().into(), Ipv6Net::default().into()]),
            _ => {}
        }
        if let Ok(address) = self.0.parse::<IpAddr>() {
            return self.single(address.to_canonical());
        }
        let network = self.0.parse::<IpNet>().map_err(|_| self.refusal())?;
        self.aligned(network).map(|network| vec![network])
    }

    fn refusal(&self) -> String {
        let text = self.0;
        match text.to_ascii_lowercase() {
            word if matches!(word.as_str(), "lan" | "public") => {
                format!("\"{text}\" is no network: write {word}")
            }
            _ => format!(
                "\"{text}\" is no network: write lan, 192.168.1.0/24, fd00::/64 or an address"
            ),
        }
    }

    /// Returns a single address as a network, unless it is the first address of a network, which no
    /// device has.
    fn single(&self, address: IpAddr) -> Result<Vec<IpNet>, String> {
        let network = IpNet::from(address);
        let Some(prefix) = meant_prefix(address) else {
            return Ok(vec![network]);
        };
        Err(format!(
            "\"{}\" is the beginning of a network: write {address}/{prefix} for the network, \
             or {network} for that one address",
            self.0
        ))
    }

    /// Checks that the bits after the prefix are zero, and that IPv4 is written as IPv4.
    fn aligned(&self, network: IpNet) -> Result<IpNet, String> {
        let text = self.0;
        if network.addr().to_canonical() != network.addr() {
            return Err(format!(
                "\"{text}\" is an IPv4 network in IPv6: write it as IPv4"
            ));
        }
        let truncated = network.trunc();
        if truncated != network {
            let host = network.addr();
            return Err(format!(
                "\"{text}\" names one host of a network: write {truncated} or {host}"
            ));
        }
        Ok(network)
    }
}

/// Guesses the length of a network's prefix from the zeros at the end of its first address.
fn meant_prefix(address: IpAddr) -> Option<u8> {
    match address {
        IpAddr::V4(address) => match address.octets() {
            [_, 0, 0, 0] => Some(8),
            [_, _, 0, 0] => Some(16),
            [_, _, _, 0] => Some(24),
            _ => None,
        },
        IpAddr::V6(address) => (address.segments()[4..] == [0; 4]).then_some(64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lan_has_the_addresses_that_the_internet_does_not_route() {
        let lan = Networks(NetworkText("lan").parse().unwrap());
        for home in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.5",
            "169.254.1.1",
        ] {
            assert!(lan.contains(home.parse().unwrap()), "{home}");
        }
        for home in ["::1", "fd00::5", "fe80::1", "::ffff:192.168.1.5"] {
            assert!(lan.contains(home.parse().unwrap()), "{home}");
        }
        for away in ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2001:db8::1", "::2"] {
            assert!(!lan.contains(away.parse().unwrap()), "{away}");
        }
    }

    #[test]
    fn every_address_is_admitted_by_the_word_public_only() {
        assert!(
            Networks(NetworkText("public").parse_for_entry().unwrap())
                .contains("2001:db8::1".parse().unwrap())
        );
        for all in ["0.0.0.0/0", "::/0"] {
            let refusal = NetworkText(all).parse_for_entry().unwrap_err();
            assert!(refusal.contains("access: public"), "{all}");
        }
    }

    #[test]
    fn a_network_is_written_without_host_bits() {
        assert_eq!(
            NetworkText("192.168.1.5").parse(),
            NetworkText("192.168.1.5/32").parse()
        );
        let refusal = |text| NetworkText(text).parse().unwrap_err();
        assert!(refusal("192.168.1.5/24").ends_with("write 192.168.1.0/24 or 192.168.1.5"));
        assert!(refusal("::ffff:192.168.1.0/120").ends_with("write it as IPv4"));
        assert!(refusal("home").contains("is no network"));
        assert!(refusal("LAN").ends_with("write lan"));
        assert!(refusal("192.168.1.0").contains("write 192.168.1.0/24 for the network"));
        assert!(refusal("10.0.0.0").contains("write 10.0.0.0/8 for the network"));
        assert!(refusal("fd00::").contains("fd00::/64 for the network, or fd00::/128"));
        assert!(NetworkText("192.168.1.0/32").parse().is_ok());
    }
}

//! Networks: `lan`, `public`, single addresses and CIDR blocks (RFC 4632, RFC 4291 section 2.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Resolver;
use crate::config::{model::Networks, tree::Place};

/// What `lan` means: loopback, RFC 1918, unique local (RFC 4193) and link-local networks.
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
    pub(super) fn networks(&mut self, place: &Place<'_>, written: &[String]) -> Option<Networks> {
        let networks = self.each(place, written, parse)?;
        Some(Networks(networks.concat()))
    }

    /// Networks of proxies, which can claim any address for a request.
    pub(super) fn trusted_proxies(
        &mut self,
        place: &Place<'_>,
        written: &[String],
    ) -> Option<Networks> {
        let proxies = self.networks(place, written)?;
        if proxies.0.iter().any(|network| network.prefix_len() == 0) {
            let cure = "everybody could claim any address: name only the proxy before this one";
            return self.fault(place, cure);
        }
        Some(proxies)
    }
}

/// Networks that may enter; every address has its word, as nobody reads `0.0.0.0/0` as that.
pub(super) fn entry(text: &str) -> Result<Vec<IpNet>, String> {
    let networks = parse(text)?;
    let is_all = networks.iter().any(|network| network.prefix_len() == 0);
    if is_all && text != "public" {
        return Err(format!(
            "\"{text}\" is the whole Internet: write `access: public`, or `networks: [public]` if no password \
             is to be asked for anywhere"
        ));
    }
    Ok(networks)
}

fn parse(text: &str) -> Result<Vec<IpNet>, String> {
    match text {
        "lan" => return Ok(LAN.to_vec()),
        "public" => return Ok(vec![Ipv4Net::default().into(), Ipv6Net::default().into()]),
        _ => {}
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return single(address.to_canonical(), text);
    }
    let network = text.parse::<IpNet>().map_err(|_| not_a_network(text))?;
    aligned(network, text).map(|network| vec![network])
}

fn not_a_network(text: &str) -> String {
    match text.to_ascii_lowercase() {
        word if matches!(word.as_str(), "lan" | "public") => {
            format!("\"{text}\" is no network: write {word}")
        }
        _ => {
            format!("\"{text}\" is no network: write lan, 192.168.1.0/24, fd00::/64 or an address")
        }
    }
}

/// One address, unless it is the first of a network, which no device has.
fn single(address: IpAddr, text: &str) -> Result<Vec<IpNet>, String> {
    let network = IpNet::from(address);
    let Some(prefix) = meant_prefix(address) else {
        return Ok(vec![network]);
    };
    Err(format!(
        "\"{text}\" is the beginning of a network: write {address}/{prefix} for the network, \
         or {network} for that one address"
    ))
}

/// The length of a network's prefix by the zeros that its first address ends in.
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

/// The network, if all bits after its prefix are zero and IPv4 is written as IPv4.
fn aligned(network: IpNet, text: &str) -> Result<IpNet, String> {
    if network.addr().to_canonical() != network.addr() {
        return Err(format!(
            "\"{text}\" is an IPv4 network in IPv6: write it as IPv4"
        ));
    }
    let whole = network.trunc();
    if whole != network {
        let host = network.addr();
        return Err(format!(
            "\"{text}\" names one host of a network: write {whole} or {host}"
        ));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lan_is_what_cannot_be_reached_from_the_internet() {
        let lan = Networks(parse("lan").unwrap());
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
    fn every_address_is_let_in_by_its_word_only() {
        assert!(Networks(entry("public").unwrap()).contains("2001:db8::1".parse().unwrap()));
        for all in ["0.0.0.0/0", "::/0"] {
            assert!(entry(all).unwrap_err().contains("access: public"), "{all}");
        }
    }

    #[test]
    fn a_network_is_written_exactly() {
        assert_eq!(parse("192.168.1.5"), parse("192.168.1.5/32"));
        let told = |text: &str| parse(text).unwrap_err();
        assert!(told("192.168.1.5/24").ends_with("write 192.168.1.0/24 or 192.168.1.5"));
        assert!(told("::ffff:192.168.1.0/120").ends_with("write it as IPv4"));
        assert!(told("home").contains("is no network"));
        assert!(told("LAN").ends_with("write lan"));
        assert!(told("192.168.1.0").contains("write 192.168.1.0/24 for the network"));
        assert!(told("10.0.0.0").contains("write 10.0.0.0/8 for the network"));
        assert!(told("fd00::").contains("fd00::/64 for the network, or fd00::/128"));
        assert!(parse("192.168.1.0/32").is_ok());
    }
}

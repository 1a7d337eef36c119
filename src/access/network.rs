//! The client's address, for rules about networks.
//!
//! It is the TCP peer, or the source that a trusted PROXY header names; `X-Forwarded-For` counts
//! only if the peer is a trusted proxy. An address that cannot be parsed is in no network.

use std::net::{IpAddr, SocketAddr};

use crate::{
    config::model::Networks,
    fields::{self, FieldName, Fields},
};

/// The peer of a connection: the TCP peer, or the source in a trusted proxy's PROXY header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The peer's address.
    pub address: IpAddr,
    /// Set if the address stands for any client, as that of a container network's gateway.
    pub is_masqueraded: bool,
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            is_masqueraded: false,
        }
    }
}

/// The client of a connection or request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    peer: IpAddr,
    address: Option<IpAddr>,
}

impl Client {
    /// Returns the client of a connection before its first request; its address is unknown if the
    /// peer is a trusted proxy or masqueraded.
    #[must_use]
    pub fn at_handshake(peer: Peer, trusted_proxies: &Networks) -> Self {
        let address = peer.address.to_canonical();
        let is_client = !peer.is_masqueraded && !trusted_proxies.contains(address);
        Self {
            peer: address,
            address: is_client.then_some(address),
        }
    }

    /// Returns the client of a request: the peer, or behind a trusted proxy the rightmost address
    /// of `X-Forwarded-For` that is not a trusted proxy.
    ///
    /// Behind a trusted proxy, the address is unknown if the field is missing, names only trusted
    /// proxies, or is malformed at that position.
    #[must_use]
    pub fn from_request(peer: Peer, trusted_proxies: &Networks, fields: &Fields<'_>) -> Self {
        let has_hops = fields.has(FieldName::XForwardedFor);
        if !has_hops || !trusted_proxies.contains(peer.address.to_canonical()) {
            return Self::at_handshake(peer, trusted_proxies);
        }
        let peer = peer.address;
        let hops = hops(peer, trusted_proxies, fields);
        let last = hops.last().copied().flatten();
        let address = last.filter(|last| !trusted_proxies.contains(*last));
        let peer = peer.to_canonical();
        Self { peer, address }
    }

    /// Reports whether the client's address is known and in one of the networks.
    #[must_use]
    pub fn is_in(&self, networks: &Networks) -> bool {
        self.address
            .is_some_and(|address| networks.contains(address))
    }

    /// Returns the client's address, `None` if it is unknown; IPv4-mapped IPv6 addresses become
    /// IPv4.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns the client's address, or the peer's if the client's is unknown.
    #[must_use]
    pub fn client_ip(&self) -> IpAddr {
        self.address.unwrap_or(self.peer)
    }
}

/// Returns the hops of a request, beginning with the peer, up to the first address that is not a
/// trusted proxy. Entries of `X-Forwarded-For` left of it cannot be trusted.
///
/// A malformed hop is `None`, and the last.
#[must_use]
pub fn hops(peer: IpAddr, trusted: &Networks, fields: &Fields<'_>) -> Vec<Option<IpAddr>> {
    let mut hops = vec![Some(peer.to_canonical())];
    let values = fields.all(FieldName::XForwardedFor).rev();
    let lists = values.map(|value| fields::text(value).unwrap_or("unreadable"));
    for hop in lists.flat_map(|list| list.rsplit(',')) {
        match hops.last() {
            Some(Some(last)) if trusted.contains(*last) => hops.push(parse_hop(hop.trim())),
            _ => break,
        }
    }
    hops
}

/// Parses `192.0.2.1` or `2001:db8::1`, and the forms of some proxies: with a port, in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse().ok();
    let address = address.or_else(|| hop.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Networks {
        Networks(list.iter().map(|net| net.parse().unwrap()).collect())
    }

    fn peer(address: &str) -> Peer {
        address.parse::<IpAddr>().unwrap().into()
    }

    fn client(peer: &str, forwarded: &[&str]) -> Option<String> {
        let forwarded = forwarded.iter().map(|value| ("X-Forwarded-For", *value));
        let fields: Fields<'_> = forwarded.collect();
        let trusted = networks(&["10.0.0.0/8", "fd00::/8"]);
        let client = Client::from_request(self::peer(peer), &trusted, &fields);
        client.address().map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_peer_names_the_client() {
        let cases: &[(&str, &[&str], Option<&str>)] = &[
            ("192.0.2.1", &["192.168.1.5"], Some("192.0.2.1")),
            ("10.0.0.1", &["192.0.2.7"], Some("192.0.2.7")),
            ("::ffff:10.0.0.1", &["192.0.2.7"], Some("192.0.2.7")),
            ("10.0.0.1", &["::ffff:192.0.2.7"], Some("192.0.2.7")),
            ("10.0.0.1", &["192.168.1.5, 192.0.2.7"], Some("192.0.2.7")),
            (
                "10.0.0.1",
                &["192.168.1.5", "192.0.2.7,10.0.0.2"],
                Some("192.0.2.7"),
            ),
            ("fd00::1", &["[2001:db8::9]:443"], Some("2001:db8::9")),
            ("fd00::1", &["[2001:db8::9]"], Some("2001:db8::9")),
            ("fd00::1", &["192.0.2.7:55"], Some("192.0.2.7")),
            ("192.0.2.1", &[], Some("192.0.2.1")),
        ];
        for (peer, forwarded, expected) in cases {
            let expected = expected.map(str::to_owned);
            assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_masqueraded_peer_is_in_no_network_and_names_no_client_unless_it_is_trusted() {
        let gateway = Peer {
            is_masqueraded: true,
            ..peer("172.17.0.1")
        };
        let named: Fields<'_> = [("X-Forwarded-For", "192.168.1.5")].into_iter().collect();
        let (everywhere, none) = (networks(&["0.0.0.0/0"]), networks(&[]));
        for fields in [&named, &Fields::default()] {
            let client = Client::from_request(gateway, &none, fields);
            assert!(!client.is_in(&everywhere));
            assert_eq!(client.client_ip(), gateway.address);
        }
        assert!(!Client::at_handshake(gateway, &none).is_in(&everywhere));
        let trusted = networks(&["172.17.0.1/32"]);
        let client = Client::from_request(gateway, &trusted, &named);
        assert_eq!(client.address(), Some("192.168.1.5".parse().unwrap()));
    }

    #[test]
    fn a_client_that_a_trusted_proxy_does_not_name_is_in_no_network() {
        let cases: [(&str, &[&str]); 6] = [
            ("10.0.0.1", &[]),
            ("::ffff:10.0.0.1", &[]),
            ("fd00::1", &["10.0.0.3, 10.0.0.2"]),
            ("10.0.0.1", &["10.0.0.1"]),
            ("10.0.0.1", &["10.0.0.3", "10.0.0.2:443"]),
            ("10.0.0.1", &["192.0.2.7", ""]),
        ];
        for (peer, forwarded) in cases {
            assert_eq!(client(peer, forwarded), None, "{peer} {forwarded:?}");
        }
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let everywhere = networks(&["0.0.0.0/0"]);
        let trusted = networks(&["10.0.0.0/8"]);
        let unknown = Client::from_request(proxy.into(), &trusted, &Fields::default());
        assert!(!unknown.is_in(&everywhere));
        assert_eq!(unknown.client_ip(), proxy);
    }

    #[test]
    fn a_malformed_hop_is_in_no_network() {
        for hop in [
            "",
            " ",
            ",",
            "unknown",
            "_obf",
            "for=192.0.2.7",
            "\"192.0.2.7\"",
            "[192.0.2.7",
            "192.0.2.7:99999",
            "192.0.2",
            "192.0.2.7,",
            "fe80::1%eth0",
            "1.2.3.4 5.6.7.8",
        ] {
            assert_eq!(client("10.0.0.1", &[hop]), None, "{hop:?}");
        }
        assert_eq!(
            client("10.0.0.1", &["rubbish, 192.0.2.7"]).as_deref(),
            Some("192.0.2.7")
        );

        let everywhere = networks(&["0.0.0.0/0", "::/0"]);
        let unknown = Client::at_handshake(peer("10.0.0.1"), &networks(&["10.0.0.0/8"]));
        assert!(!unknown.is_in(&everywhere));
        assert_eq!(unknown.client_ip().to_string(), "10.0.0.1");
    }

    #[test]
    fn ipv4_mapped_addresses_are_in_ipv4_networks() {
        let lan = networks(&["192.168.0.0/16"]);
        let client = Client::at_handshake(peer("::ffff:192.168.1.5"), &networks(&[]));
        assert!(client.is_in(&lan));
    }
}

//! The authority of a request: its host and port (RFC 9110, section 7.2).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::config::model::Host;

/// A host with an optional port, as in Host and `:authority`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The name in lower case, or the address.
    pub host: Host,
    /// The port, if one was given.
    pub port: Option<u16>,
}

impl Authority {
    /// Parses `name`, `name:port`, `192.0.2.1` or `[2001:db8::1]:port`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = split_port(text)?;
        Some(Self {
            host: parse_host(host)?,
            port,
        })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            host => host.fmt(f)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Splits the port from the host; a port is digits only.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = text.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = text[end..].find(':').map(|at| at + end) else {
        return Some((text, None));
    };
    let (host, digits) = (&text[..colon], &text[colon + 1..]);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((host, Some(digits.parse().ok()?)))
}

/// Parses an IPv4 address, an IPv6 address in brackets, or a name.
fn parse_host(text: &str) -> Option<Host> {
    if let Some(inside) = text.strip_prefix('[') {
        let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
        return Some(Host::Address(IpAddr::V6(address).to_canonical()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return address.is_ipv4().then_some(Host::Address(address));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    // `192.0.2.1.` would become an address once it is written without the dot.
    let is_host = is_name(&name) && name.parse::<IpAddr>().is_err();
    is_host.then_some(Host::Name(name))
}

/// Reports whether a name consists of valid labels (RFC 1035, section 2.3.4), with underscores.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_ports_are_parsed() {
        let read = |text| Authority::parse(text);
        let name = |name: &str, port| {
            Some(Authority {
                host: Host::Name(name.to_owned()),
                port,
            })
        };
        assert_eq!(read("Home.Example.org"), name("home.example.org", None));
        assert_eq!(
            read("home.example.org.:8443"),
            name("home.example.org", Some(8443))
        );
        assert!(matches!(read("[::1]:1").unwrap().host, Host::Address(a) if a.is_ipv6()));
        assert!(
            matches!(read("[::ffff:192.0.2.1]").unwrap().host, Host::Address(a) if a.is_ipv4())
        );
    }

    #[test]
    fn invalid_authorities_are_refused() {
        for text in [
            "",
            "a b",
            "user@host",
            "host/path",
            "host:",
            "host:x",
            "host:99999",
            "::1",
            "[::1",
            "a..b",
            "host\0",
            "host,other",
            "[v1.x]",
            "host:+80",
            "http://host",
            "192.0.2.1.",
        ] {
            assert_eq!(Authority::parse(text), None, "{text:?}");
        }
    }
}

//! The host and port a request is for (RFC 9110, section 7.2).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::config::model::Host;

/// A host with an optional port, as Host and `:authority` carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Name in lower case, or address.
    pub host: Host,
    /// Port, when one was given.
    pub port: Option<u16>,
}

impl Authority {
    /// Reads `name`, `name:port`, `192.0.2.1`, `[2001:db8::1]:port`; nothing else.
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

fn parse_host(text: &str) -> Option<Host> {
    if let Some(inside) = text.strip_prefix('[') {
        let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
        return Some(Host::Address(IpAddr::V6(address).to_canonical()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return address.is_ipv4().then_some(Host::Address(address));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    // An address with a dot behind it would be read as the address once it is written again.
    let is_host = is_name(&name) && name.parse::<IpAddr>().is_err();
    is_host.then_some(Host::Name(name))
}

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
    fn names_addresses_and_ports_are_read() {
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
    fn what_is_not_a_host_is_refused() {
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

//! The authority of a request: its host and port (RFC 9110, section 7.2).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
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

/// An authority as a client sent it, with its text for the log.
#[derive(Debug)]
pub struct SentAuthority {
    sent: Box<str>,
    parsed: Authority,
    text: String,
}

/// The last authority that a connection's requests sent, which most of them repeat.
#[derive(Debug, Default)]
pub struct LastAuthority(Mutex<Option<Arc<SentAuthority>>>);

impl LastAuthority {
    /// Parses the authority of a request, unless it is the last one.
    #[must_use]
    pub fn parse(&self, sent: &str) -> Option<Arc<SentAuthority>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| *last.sent == *sent) {
            return Some(last.clone());
        }
        let parsed = Authority::parse(sent)?;
        *last = Some(Arc::new(SentAuthority {
            sent: sent.into(),
            text: parsed.to_string(),
            parsed,
        }));
        last.clone()
    }
}

impl SentAuthority {
    /// The authority with its host in lower case.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Deref for SentAuthority {
    type Target = Authority;

    fn deref(&self) -> &Authority {
        &self.parsed
    }
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
    fn a_repeated_authority_is_parsed_once() {
        let last = LastAuthority::default();
        let first = last.parse("Home.Example.org:443").unwrap();
        assert_eq!(first.text(), "home.example.org:443");
        assert!(Arc::ptr_eq(
            &first,
            &last.parse("Home.Example.org:443").unwrap()
        ));
        assert!(last.parse("a..b").is_none());
        assert_eq!(last.parse("Home.Example.org").unwrap().port, None);
        assert_eq!(last.parse("[::1]").unwrap().text(), "[::1]");
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

//! `listen`: where a server is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{directive::Directive, report::Report};
use crate::config;

/// An address that a server is reached at.
#[derive(Clone, Debug)]
pub(super) struct Listen<'d> {
    /// hubgate's: that of all IPv6 addresses takes IPv4 too.
    pub(super) address: SocketAddr,
    pub(super) tls: bool,
    /// Whether it says that this server answers for names that no other has.
    pub(super) default: bool,
    pub(super) directive: &'d Directive,
}

/// Where a server listens; on port 80 if it does not say.
pub(super) fn all<'d>(server: &'d Directive, report: &mut Report) -> Vec<Listen<'d>> {
    let written: Vec<_> = server
        .inner()
        .iter()
        .filter(|it| it.name == "listen")
        .collect();
    if written.is_empty() {
        return vec![Listen {
            address: (Ipv6Addr::UNSPECIFIED, 80).into(),
            tls: false,
            default: false,
            directive: server,
        }];
    }
    let ssl = server
        .inner()
        .iter()
        .any(|it| it.name == "ssl" && it.word() == "on");
    let listens = written.into_iter().filter_map(|directive| {
        let has = |option: &str| directive.words.iter().skip(1).any(|it| it == option);
        if has("quic") {
            report.dropped(directive, "hubgate speaks no HTTP/3");
            return None;
        }
        let address = address(directive, report)?;
        let default = has("default_server") || has("default");
        Some(Listen {
            address,
            tls: ssl || has("ssl"),
            default,
            directive,
        })
    });
    listens.collect()
}

fn address(directive: &Directive, report: &mut Report) -> Option<SocketAddr> {
    let word = directive.word();
    if word.starts_with("unix:") {
        report.dropped(directive, "hubgate listens on addresses only");
        return None;
    }
    match parse(word) {
        Some(address) if address.is_ipv4() && address.ip().is_unspecified() => {
            report.changed(directive, "hubgate listens on IPv6 too");
            Some((Ipv6Addr::UNSPECIFIED, address.port()).into())
        }
        Some(address) => {
            report.kept(directive, "an address to listen on");
            Some(address)
        }
        None => {
            report.stop(
                directive,
                format!("\"{word}\" is no address: write one such as 192.168.1.5:443"),
            );
            None
        }
    }
}

fn parse(word: &str) -> Option<SocketAddr> {
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if let Ok(port) = word.parse() {
        return (port != 0).then_some((any, port).into());
    }
    let here = word
        .replace("localhost", "127.0.0.1")
        .replacen("*:", "0.0.0.0:", 1);
    let bare = here
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let address: SocketAddr = here.parse().ok().or(bare.ok().map(|ip| (ip, 80).into()))?;
    (address.port() != 0).then_some(address)
}

/// Addresses that can be listened on beside each other, in order.
pub(super) fn together(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut all: Vec<_> = addresses.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    let any = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let wide: Vec<_> = all
        .iter()
        .filter(|it| it.ip().is_unspecified())
        .map(|it| any(it.port()))
        .collect();
    all.retain(|it| wide.contains(it) || !wide.contains(&any(it.port())));
    all
}

/// Those that can be listened on beside others; at the others' ports TLS and plain HTTP are told
/// apart.
pub(super) fn beside(mut addresses: Vec<SocketAddr>, others: &[SocketAddr]) -> Vec<SocketAddr> {
    let clash = |it| others.iter().any(|other| config::clash(it, *other));
    addresses.retain(|it| !clash(*it));
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_all_their_forms() {
        for (word, expected) in [
            ("443", "0.0.0.0:443"),
            ("*:443", "0.0.0.0:443"),
            ("127.0.0.1", "127.0.0.1:80"),
            ("localhost:81", "127.0.0.1:81"),
            ("[::]:80", "[::]:80"),
            ("[::1]", "[::1]:80"),
        ] {
            assert_eq!(parse(word), Some(expected.parse().unwrap()), "{word}");
        }
        for word in ["", "home:80", "0", "127.0.0.1:x", "65536"] {
            assert_eq!(parse(word), None, "{word}");
        }
    }

    #[test]
    fn an_address_of_its_own_goes_into_that_of_all() {
        let addresses = ["[::]:80", "127.0.0.1:80", "127.0.0.1:81"].map(|it| it.parse().unwrap());
        assert_eq!(together(addresses), [addresses[2], addresses[0]]);
        assert_eq!(beside(addresses.to_vec(), &addresses[..1]), [addresses[2]]);
    }
}

//! `listen`: the addresses on which a server is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::{
    config,
    nginx::{read::directive::Directive, report::Report},
};

/// An address on which a server is reached.
#[derive(Clone, Debug)]
pub(crate) struct Listen<'d> {
    pub(crate) address: SocketAddr,
    /// Set where `[::]` accepts IPv4 too, as hubgate's does.
    pub(crate) dual: bool,
    pub(crate) tls: bool,
    /// Set by `default_server`.
    pub(crate) default: bool,
    pub(crate) directive: &'d Directive,
}

/// The addresses on which hubgate listens, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses(Vec<SocketAddr>);

impl<'d> Listen<'d> {
    /// Reads the addresses of a server; port 80 without a `listen`.
    pub(crate) fn all(server: &'d Directive, report: &mut Report) -> Vec<Self> {
        let children = server.children().iter();
        let written: Vec<_> = children
            .clone()
            .filter(|directive| directive.name == "listen")
            .collect();
        if written.is_empty() {
            return vec![Self {
                address: (Ipv4Addr::UNSPECIFIED, 80).into(),
                dual: false,
                tls: false,
                default: false,
                directive: server,
            }];
        }
        let mut ssl = children.filter(|directive| directive.name == "ssl");
        let tls = ssl.any(|directive| directive.parameter_is("on"));
        written
            .into_iter()
            .filter_map(|directive| Self::read(directive, tls, report))
            .collect()
    }

    /// Reads a `listen`; `tls` where the server has `ssl on`.
    fn read(directive: &'d Directive, tls: bool, report: &mut Report) -> Option<Self> {
        let options = directive.parameters.get(1..).unwrap_or_default();
        let has = |option: &str| options.iter().any(|word| word == option);
        if has("quic") {
            report.dropped(directive, "hubgate does not support HTTP/3");
            return None;
        }
        if has("proxy_protocol") {
            report.stop(
                directive,
                "NGINX refuses connections without a PROXY header here, and hubgate accepts them: remove `proxy_protocol` \
                 here and in the proxy before it, which then sends the client's address in X-Forwarded-For",
            );
        }
        Some(Self {
            address: directive.listen_address(report)?,
            dual: has("ipv6only=off"),
            tls: tls || has("ssl"),
            default: has("default_server") || has("default"),
            directive,
        })
    }

    /// Finds the `[::]` that accepts IPv6 only in NGINX, with no listener for IPv4 on its port.
    pub(crate) fn ipv6_only<'l>(listens: &[&'l Self]) -> Option<&'l Self> {
        let has_any4 = |port| listens.iter().any(|listen| listen.address == any4(port));
        let is_ipv6_only = |listen: &&&Self| {
            let port = listen.address.port();
            listen.address == any6(port) && !listen.dual && !has_any4(port)
        };
        listens.iter().find(is_ipv6_only).copied()
    }
}

impl Directive {
    fn listen_address(&self, report: &mut Report) -> Option<SocketAddr> {
        let word = self.parameter();
        if word.starts_with("unix:") {
            report.dropped(self, "hubgate listens on TCP addresses only");
            return None;
        }
        let address = parse_address(word);
        match address {
            Some(_) => report.kept(self, "an address to listen on"),
            None => report.stop(
                self,
                format!("\"{word}\" is no address: write one such as 192.168.1.5:443"),
            ),
        }
        address
    }
}

impl Addresses {
    /// Merges the addresses of these listeners: `[::]` stands for both families, and an unspecified
    /// address for all of its family.
    pub(crate) fn merge<'l, 'd: 'l>(listens: impl IntoIterator<Item = &'l Listen<'d>>) -> Self {
        let listens = listens.into_iter();
        let mut all: Vec<_> = listens.map(|listen| listen.address).collect();
        all.sort_unstable();
        all.dedup();
        let merged = all.iter().copied().filter(|address| {
            let is_other = |wide: &&SocketAddr| *wide != address;
            let is_covered = all
                .iter()
                .filter(is_other)
                .any(|wide| covers(*wide, *address));
            let port = address.port();
            let is_joined = *address == any4(port) && all.contains(&any6(port));
            !is_covered && !is_joined
        });
        Self(merged.collect())
    }

    /// Removes the addresses on which no listener can be opened beside `others`; at the ports of
    /// those, the first byte of a connection distinguishes TLS from plain HTTP.
    pub(crate) fn beside(mut self, others: &Self) -> Self {
        let clashes = |address| others.iter().any(|other| config::clash(address, *other));
        self.0.retain(|address| !clashes(*address));
        self
    }

    /// Reports whether hubgate is reached on the address.
    pub(crate) fn cover(&self, address: SocketAddr) -> bool {
        self.iter().any(|wide| covers(*wide, address))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SocketAddr> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports whether this is `[::]` with the port alone, hubgate's default.
    pub(crate) fn is_default(&self, port: u16) -> bool {
        self.0 == [any6(port)]
    }
}

fn any4(port: u16) -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, port).into()
}

fn any6(port: u16) -> SocketAddr {
    (Ipv6Addr::UNSPECIFIED, port).into()
}

/// Reports whether hubgate, listening on `wide`, is reached on `narrow` too.
fn covers(wide: SocketAddr, narrow: SocketAddr) -> bool {
    wide == narrow
        || wide.ip().is_unspecified()
            && (wide.is_ipv6() || narrow.is_ipv4())
            && wide.port() == narrow.port()
}

/// Parses an address in any form of `listen`; the port is 80 by default.
fn parse_address(word: &str) -> Option<SocketAddr> {
    if let Ok(port) = word.parse() {
        return (port != 0).then_some(any4(port));
    }
    let numeric = word
        .replace("localhost", "127.0.0.1")
        .replacen("*:", "0.0.0.0:", 1);
    let without_port = numeric
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let address: SocketAddr = match numeric.parse() {
        Ok(address) => address,
        Err(_) => (without_port.ok()?, 80).into(),
    };
    (address.port() != 0).then_some(address)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::nginx::read::{files::InMemory, parser::Parser};

    #[test]
    fn addresses_are_parsed_in_all_their_forms() {
        for (word, expected) in [
            ("443", "0.0.0.0:443"),
            ("*:443", "0.0.0.0:443"),
            ("127.0.0.1", "127.0.0.1:80"),
            ("localhost:81", "127.0.0.1:81"),
            ("[::]:80", "[::]:80"),
            ("[::1]", "[::1]:80"),
        ] {
            assert_eq!(
                parse_address(word),
                Some(expected.parse().unwrap()),
                "{word}"
            );
        }
        for word in ["", "home:80", "0", "127.0.0.1:x", "65536"] {
            assert_eq!(parse_address(word), None, "{word}");
        }
    }

    #[test]
    fn an_unspecified_address_covers_the_others_of_its_family() {
        let merged = |words: &[&str]| {
            let listens = words.join("; listen ");
            let text = format!("server {{ listen {listens}; }}");
            let files = InMemory([("/e/n".into(), text)].into());
            let parsed = Parser::new(&files)
                .parse(Path::new("/e/n"), Path::new("/e"))
                .unwrap();
            let listens = Listen::all(&parsed[0], &mut Report::default());
            let merged = Addresses::merge(&listens);
            merged.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            merged(&["80", "127.0.0.1:80", "127.0.0.1:81"]),
            ["0.0.0.0:80", "127.0.0.1:81"]
        );
        assert_eq!(merged(&["80", "[::]:80", "[::1]:80"]), ["[::]:80"]);
        assert_eq!(merged(&["80", "[::1]:80"]), ["0.0.0.0:80", "[::1]:80"]);
        assert_eq!(merged(&["[::]:80 ipv6only=off"]), ["[::]:80"]);
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let redirect = Addresses(vec![address("0.0.0.0:80"), address("127.0.0.1:81")]);
        let others = Addresses(vec![address("[::]:80")]);
        assert_eq!(redirect.beside(&others).0, [address("127.0.0.1:81")]);
    }
}

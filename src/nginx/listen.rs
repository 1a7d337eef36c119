//! `listen`: where a server is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{directive::Directive, report::Report};
use crate::config;

/// An address that a server is reached at.
#[derive(Clone, Debug)]
pub(super) struct Listen<'d> {
    pub(super) address: SocketAddr,
    /// Whether `[::]` takes IPv4 too, as hubgate's does.
    pub(super) dual: bool,
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
            address: (Ipv4Addr::UNSPECIFIED, 80).into(),
            dual: false,
            tls: false,
            default: false,
            directive: server,
        }];
    }
    let ssl = server
        .inner()
        .iter()
        .any(|it| it.name == "ssl" && it.is("on"));
    let listens = written.into_iter().filter_map(|directive| {
        let has = |option: &str| directive.words.iter().skip(1).any(|it| it == option);
        if has("quic") {
            report.dropped(directive, "hubgate speaks no HTTP/3");
            return None;
        }
        if has("proxy_protocol") {
            report.stop(
                directive,
                "NGINX refuses here who sends no PROXY header, and hubgate takes requests without one: remove `proxy_protocol` \
                 here and in the proxy before it, which then says the client's address in X-Forwarded-For",
            );
        }
        let address = address(directive, report)?;
        let default = has("default_server") || has("default");
        Some(Listen {
            address,
            dual: has("ipv6only=off"),
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

/// The addresses that hubgate listens on to be reached at these, in order: `[::]` for both
/// families, and an address of its own within that of all.
pub(super) fn together<'l, 'd: 'l>(
    listens: impl IntoIterator<Item = &'l Listen<'d>>,
) -> Vec<SocketAddr> {
    let listens: Vec<_> = listens.into_iter().collect();
    let any4 = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let mut all: Vec<_> = listens.iter().map(|it| it.address).collect();
    all.sort_unstable();
    all.dedup();
    let kept = all.clone();
    all.retain(|it| {
        let wider = kept.iter().any(|wide| wide != it && covers(*wide, *it));
        let both = *it == any4(it.port()) && kept.contains(&any6(it.port()));
        !wider && !both
    });
    all
}

/// The `[::]` of which NGINX takes IPv6 only, with nothing beside it that takes IPv4.
pub(super) fn ipv6_only<'l, 'd: 'l>(listens: &[&'l Listen<'d>]) -> Option<&'l Listen<'d>> {
    let beside = |port| {
        listens
            .iter()
            .any(|it| it.address == SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
    };
    let found = listens
        .iter()
        .find(|it| it.address == any6(it.address.port()) && !it.dual && !beside(it.address.port()));
    found.copied()
}

fn any6(port: u16) -> SocketAddr {
    (Ipv6Addr::UNSPECIFIED, port).into()
}

/// Whether hubgate, listening on `wide`, is reached at `narrow` too.
pub(super) fn covers(wide: SocketAddr, narrow: SocketAddr) -> bool {
    wide == narrow
        || wide.ip().is_unspecified()
            && (wide.is_ipv6() || narrow.is_ipv4())
            && wide.port() == narrow.port()
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
    use std::path::Path;

    use super::{
        super::{files::Memory, parser::Parser},
        *,
    };

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
    fn an_address_of_its_own_goes_into_that_of_all_of_its_family() {
        let together = |words: &[&str]| {
            let files = Memory(
                [(
                    "/e/n".into(),
                    format!("server {{ listen {}; }}", words.join("; listen ")),
                )]
                .into(),
            );
            let read = Parser::new(&files)
                .root(Path::new("/e/n"), Path::new("/e"))
                .unwrap();
            let listens = all(&read[0], &mut Report::default());
            together(&listens)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            together(&["80", "127.0.0.1:80", "127.0.0.1:81"]),
            ["0.0.0.0:80", "127.0.0.1:81"]
        );
        assert_eq!(together(&["80", "[::]:80", "[::1]:80"]), ["[::]:80"]);
        assert_eq!(together(&["80", "[::1]:80"]), ["0.0.0.0:80", "[::1]:80"]);
        assert_eq!(together(&["[::]:80 ipv6only=off"]), ["[::]:80"]);
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let redirect = vec![address("0.0.0.0:80"), address("127.0.0.1:81")];
        assert_eq!(
            beside(redirect, &[address("[::]:80")]),
            [address("127.0.0.1:81")]
        );
    }
}

//! `listen`: addresses that can be bound together.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Faulty, Resolved, Resolver, collect_all};
use crate::config::{file, model::Listen, tree::Location};

impl Resolver<'_> {
    pub(super) fn listen(
        &mut self,
        location: &Location<'_>,
        written: &file::Listen,
    ) -> Resolved<Listen> {
        let (http_key, https_key) = (location.key("http"), location.key("https"));
        if written.http.is_empty() && written.https.is_empty() {
            if http_key.node.pruned || https_key.node.pruned {
                return Err(Faulty);
            }
            let cure =
                "nothing to listen on: give `http` or `https` an address, such as \"[::]:443\"";
            return self.missing(location, cure);
        }
        let mut bound = BoundAddresses::default();
        let http = self.addresses(&http_key, &written.http, 80, &mut bound);
        let https = self.addresses(&https_key, &written.https, 443, &mut bound);
        Ok(Listen {
            http: http?,
            https: https?,
        })
    }

    fn addresses(
        &mut self,
        location: &Location<'_>,
        written: &[String],
        port: u16,
        bound: &mut BoundAddresses,
    ) -> Resolved<Vec<SocketAddr>> {
        let addresses = written.iter().enumerate().map(|(nth, text)| {
            let address = ListenText { text, port }.parse();
            let address = address.and_then(|address| bound.add(address));
            self.checked(&location.item(nth), address)
        });
        collect_all(addresses)
    }
}

/// An address of `listen` as written.
pub(super) struct ListenText<'t> {
    pub(super) text: &'t str,
    /// The port that a cure suggests if there is none.
    pub(super) port: u16,
}

impl ListenText<'_> {
    /// Parses an address with its port.
    pub(super) fn parse(&self) -> Result<SocketAddr, String> {
        self.text.parse().map_err(|_| self.refusal())
    }

    fn refusal(&self) -> String {
        let Self { text, port: usual } = self;
        if let Ok(port) = text.trim_start_matches(['*', ':']).parse::<u16>() {
            return format!(
                "\"{text}\" has no address: write \"[::]:{port}\" for all addresses of this machine"
            );
        }
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        if is_number && port.parse::<u16>().is_err() {
            return format!("{port} is no port: ports go from 1 to 65535");
        }
        if let Some(address) = host.parse::<Ipv6Addr>().ok().filter(|_| is_number) {
            return format!("an IPv6 address needs brackets: write \"[{address}]:{port}\"");
        }
        let bare = text.trim_matches(['[', ']']);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = SocketAddr::new(address, *usual);
            return format!("\"{text}\" has no port: write \"{address}\"");
        }
        if host == "localhost" && is_number {
            return format!("\"{text}\" is a name: write \"127.0.0.1:{port}\"");
        }
        format!(
            "\"{text}\" is no address with a port: write \"[::]:{usual}\" or \"192.168.1.5:{usual}\""
        )
    }
}

/// The addresses of `listen` that were resolved so far.
#[derive(Default)]
struct BoundAddresses(Vec<SocketAddr>);

impl BoundAddresses {
    /// Adds an address that can be bound together with the others.
    fn add(&mut self, address: SocketAddr) -> Result<SocketAddr, String> {
        if let Some(other) = self.0.iter().find(|other| clash(address, **other)) {
            return Err(format!(
                "{address} is already taken by {other}: use another port, or remove one"
            ));
        }
        self.0.push(address);
        Ok(address)
    }
}

/// True if the kernel refuses to bind both addresses. Port 0 means any free port.
#[must_use]
pub fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = covers(a.ip(), b.ip()) || covers(b.ip(), a.ip());
    a.port() == b.port() && a.port() != 0 && covers
}

/// True if a listener on `wide` accepts connections to `narrow`; `::` accepts IPv4 too.
pub(super) fn covers(wide: IpAddr, narrow: IpAddr) -> bool {
    wide == narrow || wide.is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_another_form_is_refused_with_the_form_needed() {
        for (text, cure) in [
            ("443", r#"write "[::]:443""#),
            (":443", r#"write "[::]:443""#),
            ("*:443", r#"write "[::]:443""#),
            ("::443", r#"write "[::]:443""#),
            ("::1:443", r#"write "[::1]:443""#),
            ("fd00::5:8443", r#"write "[fd00::5]:8443""#),
            ("[::]", r#"write "[::]:80""#),
            ("fd00::abcd", r#"write "[fd00::abcd]:80""#),
            ("192.168.1.5", r#"write "192.168.1.5:80""#),
            ("localhost:8080", r#"write "127.0.0.1:8080""#),
            ("127.0.0.1:184430", "from 1 to 65535"),
            ("home.example.org:443", r#"write "[::]:80" or"#),
            ("", r#"write "[::]:80" or"#),
        ] {
            let refused = ListenText { text, port: 80 }.parse().unwrap_err();
            assert!(refused.contains(cure), "{text}: {refused}");
        }
    }

    #[test]
    fn any_address_of_a_port_clashes_with_each_address_of_it() {
        let clashes = |a: &str, b: &str| clash(a.parse().unwrap(), b.parse().unwrap());
        assert!(clashes("[::]:80", "0.0.0.0:80"));
        assert!(clashes("192.168.1.5:80", "[::]:80"));
        assert!(clashes("127.0.0.1:80", "127.0.0.1:80"));
        assert!(!clashes("0.0.0.0:80", "[fd00::5]:80"));
        assert!(!clashes("127.0.0.1:80", "127.0.0.1:443"));
        assert!(!clashes("127.0.0.1:0", "127.0.0.1:0"));
    }
}

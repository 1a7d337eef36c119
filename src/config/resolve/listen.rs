//! `listen`: addresses that can be bound beside each other.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Resolver, whole};
use crate::config::{file, model::Listen, tree::Place};

impl Resolver<'_> {
    pub(super) fn listen(&mut self, place: &Place<'_>, written: &file::Listen) -> Option<Listen> {
        if written.http.is_empty() && written.https.is_empty() {
            let is_cut = ["http", "https"]
                .iter()
                .any(|key| place.key(key).node.pruned);
            let cure =
                "nothing to listen on: give `http` or `https` an address, such as \"[::]:443\"";
            return if is_cut {
                None
            } else {
                self.lacking(place, cure)
            };
        }
        let mut taken = Vec::new();
        let http = self.addresses(&place.key("http"), &written.http, 80, &mut taken);
        let https = self.addresses(&place.key("https"), &written.https, 443, &mut taken);
        Some(Listen {
            http: http?,
            https: https?,
        })
    }

    fn addresses(
        &mut self,
        place: &Place<'_>,
        written: &[String],
        usual: u16,
        taken: &mut Vec<SocketAddr>,
    ) -> Option<Vec<SocketAddr>> {
        let addresses = written.iter().enumerate().map(|(nth, text)| {
            let free = parse(text, usual).and_then(|address| claim(address, taken));
            self.keep(&place.item(nth), free)
        });
        whole(addresses.collect())
    }
}

/// Reads an address with its port; `usual` is the port that a cure names where none is written.
pub(super) fn parse(text: &str, usual: u16) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| refusal(text, usual))
}

fn refusal(text: &str, usual: u16) -> String {
    if let Ok(port) = text.trim_start_matches(['*', ':']).parse::<u16>() {
        return format!(
            "\"{text}\" has no address: write \"[::]:{port}\" for all of this machine's"
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
        let address = SocketAddr::new(address, usual);
        return format!("\"{text}\" has no port: write \"{address}\"");
    }
    if host == "localhost" && is_number {
        return format!("\"{text}\" is a name: write \"127.0.0.1:{port}\"");
    }
    format!(
        "\"{text}\" is no address with a port: write \"[::]:{usual}\" or \"192.168.1.5:{usual}\""
    )
}

fn claim(address: SocketAddr, taken: &mut Vec<SocketAddr>) -> Result<SocketAddr, String> {
    if let Some(other) = taken.iter().find(|other| clash(address, **other)) {
        return Err(format!(
            "{address} is already taken by {other}: use another port, or remove one"
        ));
    }
    taken.push(address);
    Ok(address)
}

/// Whether the kernel would refuse to bind both; port 0 is any free one.
#[must_use]
pub fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = covers(a.ip(), b.ip()) || covers(b.ip(), a.ip());
    a.port() == b.port() && a.port() != 0 && covers
}

/// Whether listening on `wide` takes `narrow` too; `::` takes IPv4.
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
            let refused = parse(text, 80).unwrap_err();
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

//! `listen`: addresses that can be bound beside each other.

use std::net::{IpAddr, SocketAddr};

use super::{Resolver, whole};
use crate::config::{file, model::Listen, tree::Place};

impl Resolver<'_> {
    pub(super) fn listen(&mut self, place: &Place<'_>, written: &file::Listen) -> Option<Listen> {
        if written.http.is_empty() && written.https.is_empty() {
            let cure =
                "nothing to listen on: give `http` or `https` an address, such as \"[::]:443\"";
            return self.fault(place, cure);
        }
        let mut taken = Vec::new();
        let http = self.addresses(&place.key("http"), &written.http, &mut taken);
        let https = self.addresses(&place.key("https"), &written.https, &mut taken);
        Some(Listen {
            http: http?,
            https: https?,
        })
    }

    fn addresses(
        &mut self,
        place: &Place<'_>,
        written: &[String],
        taken: &mut Vec<SocketAddr>,
    ) -> Option<Vec<SocketAddr>> {
        let addresses = written.iter().enumerate().map(|(nth, text)| {
            let free = parse(text).and_then(|address| claim(address, taken));
            self.keep(&place.item(nth), free)
        });
        whole(addresses.collect())
    }
}

fn parse(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("\"{text}\" is no address with a port: write \"[::]:443\" or \"192.168.1.5:443\"")
    })
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
fn covers(wide: IpAddr, narrow: IpAddr) -> bool {
    wide == narrow || wide.is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

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

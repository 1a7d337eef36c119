//! Property of the ClientHello: its server name (RFC 6066, section 3), parsed a second time from
//! the bytes, selects the site.

use std::{net::IpAddr, sync::Arc};

use rustls::server::Acceptor;

use crate::{
    config::model::{Host, Site},
    http::properties::fixture,
};

/// Local address of the connections.
const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 5));

/// Asserts that the first bytes of a connection select a site with the requested name, or none.
pub fn client_hello(bytes: &[u8]) {
    let mut acceptor = Acceptor::default();
    let mut unread = bytes;
    while !unread.is_empty() {
        match acceptor.read_tls(&mut unread) {
            Ok(1..) => {}
            _ => return,
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let name = accepted
                    .client_hello()
                    .server_name()
                    .map(str::to_ascii_lowercase);
                assert_site(bytes, name.as_deref());
                return;
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

fn assert_site(bytes: &[u8], name: Option<&str>) {
    let (sites, host) = (fixture::sites(), name.map(|name| Host::Name(name.into())));
    let found = sites
        .of_handshake(host.as_ref(), LOCAL)
        .map(|site| &site.config);
    if let Some(Some(written)) = server_name(bytes) {
        let written = String::from_utf8_lossy(written).to_ascii_lowercase();
        // rustls removes the dot of the root.
        let written = written.strip_suffix('.').unwrap_or(&written);
        assert!(
            name.is_none_or(|name| name == written),
            "{name:?} is not {written}"
        );
    }
    let expected = expected(&sites.config.sites, name);
    assert_eq!(
        found.map(|site| &site.hosts),
        expected.map(|site| &site.hosts)
    );
}

/// Returns the site of a name, or of the local address without a name.
fn expected<'s>(sites: &'s [Arc<Site>], name: Option<&str>) -> Option<&'s Arc<Site>> {
    let by = |wanted: Host| sites.iter().find(|site| site.hosts.contains(&wanted));
    let Some(name) = name else {
        return by(Host::Address(LOCAL));
    };
    let parent = name
        .split_once('.')
        .map(|(_, parent)| Host::Wildcard(parent.to_owned()));
    by(Host::Name(name.to_owned())).or_else(|| by(parent?))
}

/// Parses the server name of a ClientHello in a single record.
///
/// Returns `Some(None)` without a server name and `None` for other input.
fn server_name(bytes: &[u8]) -> Option<Option<&[u8]>> {
    let (&[0x16, 3, _, high, low], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let record = rest.get(..usize::from(u16::from_be_bytes([high, low])))?;
    let (&[1, ..], hello) = record.split_first_chunk::<4>()? else {
        return None;
    };
    let rest = hello.get(34..)?;
    let (_session, rest) = sized::<1>(rest)?;
    let (_suites, rest) = sized::<2>(rest)?;
    let (_compression, rest) = sized::<1>(rest)?;
    let (mut extensions, _) = sized::<2>(rest)?;
    while let Some((kind, rest)) = extensions.split_first_chunk::<2>() {
        let (extension, rest) = sized::<2>(rest)?;
        if *kind == [0, 0] {
            let (list, _) = sized::<2>(extension)?;
            let (&[0], name) = list.split_first_chunk()? else {
                return None;
            };
            return Some(Some(sized::<2>(name)?.0));
        }
        extensions = rest;
    }
    Some(None)
}

/// Splits off a vector with a length of `N` bytes.
fn sized<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<N>()?;
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

//! The ClientHello leads to the site whose name it asks for (RFC 6066, section 3), read a second
//! time from the bytes.

use std::{net::IpAddr, sync::Arc};

use rustls::server::Acceptor;

use crate::{
    config::model::{Host, Site},
    http::properties::house,
};

/// Where connections arrive.
const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 5));

/// The first bytes of a connection, as `front/handshake` takes them, lead to a site that has the
/// name, or to none.
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
                leads_to_its_site(bytes, name.as_deref());
                return;
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

fn leads_to_its_site(bytes: &[u8], name: Option<&str>) {
    let (sites, host) = (house::sites(), name.map(|name| Host::Name(name.into())));
    let found = sites
        .of_handshake(host.as_ref(), LOCAL)
        .map(|site| &site.config);
    if let Some(Some(written)) = server_name(bytes) {
        let written = String::from_utf8_lossy(written).to_ascii_lowercase();
        // rustls takes the dot of the root off.
        let written = written.strip_suffix('.').unwrap_or(&written);
        assert!(
            name.is_none_or(|name| name == written),
            "{name:?} is not {written}"
        );
    }
    let expected = expected(&sites.config.sites, name);
    assert_eq!(found.map(|it| &it.hosts), expected.map(|it| &it.hosts));
}

/// The site that has the name; whoever asks for none is led by the address.
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

/// The host name in the ClientHello of a single record; none within when there is none in it,
/// none at all when it is not plain to read.
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

/// What a length of `N` bytes announces, and the rest.
fn sized<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<N>()?;
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

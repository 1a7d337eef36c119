//! Whose page an origin is of.

use std::net::IpAddr;

use http::uri::Authority;

use super::Target;
use crate::config::model::{Host, Origin};

/// Whose page sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The site's own.
    Own,
    /// That of an origin in `access.origins`.
    Allowed,
    /// Another site's, or one that hides its origin.
    Foreign,
}

impl Page {
    /// The page of an origin, as `Origin` has it.
    pub(super) fn of(origin: &[u8], target: &Target<'_>, tls: bool) -> Self {
        if is_own(origin, target, tls).unwrap_or(false) {
            return Self::Own;
        }
        match is_listed(origin, target.origins) {
            true => Self::Allowed,
            false => Self::Foreign,
        }
    }

    /// The page at a URL, as `Referer` has it.
    pub(super) fn of_url(url: &[u8], target: &Target<'_>, tls: bool) -> Self {
        Self::of(origin_of(url), target, tls)
    }
}

/// The origin that a URL begins with; an origin is its own.
pub(super) fn origin_of(url: &[u8]) -> &[u8] {
    let scheme = url.windows(3).position(|part| part == b"://");
    let end = scheme.and_then(|at| {
        let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
        Some(at + 3 + url[at + 3..].iter().position(is_end)?)
    });
    &url[..end.unwrap_or(url.len())]
}

/// Whether an origin is one of these, byte for byte as browsers write it.
pub(super) fn is_listed(origin: &[u8], origins: [&[Origin]; 2]) -> bool {
    let mut listed = origins.into_iter().flatten();
    listed.any(|allowed| allowed.as_str().as_bytes() == origin)
}

/// Whether an origin is the site's own; none when it is no origin.
fn is_own(origin: &[u8], target: &Target<'_>, tls: bool) -> Option<bool> {
    let (scheme, authority) = std::str::from_utf8(origin).ok()?.split_once("://")?;
    let authority: Authority = authority.parse().ok()?;
    if authority.as_str().contains('@') {
        return Some(false);
    }
    let default = match scheme {
        "https" => 443,
        "http" if !tls => 80,
        _ => return Some(false),
    };
    let (port, asked) = (authority.port_u16(), target.port);
    let same_port = port.unwrap_or(default) == asked.unwrap_or(default);
    let mut hosts = target.hosts.iter();
    Some(
        hosts.any(|host| {
            names(host, authority.host()) && (same_port || !is_loopback(authority.host()))
        }),
    )
}

fn names(host: &Host, asked: &str) -> bool {
    match host {
        Host::Name(name) => name.eq_ignore_ascii_case(asked),
        Host::Wildcard(parent) => asked
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && parent.eq_ignore_ascii_case(rest)),
        Host::Address(address) => self::address(asked) == Some(*address),
    }
}

/// Whether a host is this machine itself, where each port is another program's (RFC 6761, 6.3).
fn is_loopback(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    last.eq_ignore_ascii_case("localhost")
        || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

//! The page that sends a request, classified by its origin (RFC 6454).

use std::net::IpAddr;

use http::uri::Authority;

use super::OriginTarget;
use crate::config::model::{Host, Origin};

/// The page that sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// A page of the site itself.
    Own,
    /// A page of an origin in `access.origins`.
    Allowed,
    /// A page of another site, or one that hides its origin.
    Foreign,
}

impl Page {
    /// Classifies the page of an origin for a place that is reached over TLS or not.
    pub(super) fn classify(origin: AsciiOrigin<'_>, target: &OriginTarget<'_>, tls: bool) -> Self {
        if origin.is_own(target, tls).unwrap_or(false) {
            return Self::Own;
        }
        match origin.find_in(target.origins) {
            Some(_) => Self::Allowed,
            None => Self::Foreign,
        }
    }
}

/// The value of `Origin`, an ASCII serialisation (RFC 6454, section 6.2) if it is well-formed.
#[derive(Clone, Copy)]
pub(super) struct AsciiOrigin<'a>(&'a [u8]);

impl<'a> AsciiOrigin<'a> {
    pub(super) fn new(origin: &'a [u8]) -> Self {
        Self(origin)
    }

    /// Cuts a URL after its authority; an origin stays as it is.
    pub(super) fn of_url(url: &'a [u8]) -> Self {
        let scheme = url.windows(3).position(|part| part == b"://");
        let end = scheme.and_then(|at| {
            let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
            Some(at + 3 + url[at + 3..].iter().position(is_end)?)
        });
        Self(&url[..end.unwrap_or(url.len())])
    }

    /// Returns the listed origin that is equal byte for byte.
    pub(super) fn find_in(self, origins: [&'a [Origin]; 2]) -> Option<&'a Origin> {
        let mut listed = origins.into_iter().flatten();
        listed.find(|origin| origin.as_str().as_bytes() == self.0)
    }

    /// Reports whether the origin is the site's own; `None` if it is malformed.
    fn is_own(self, target: &OriginTarget<'_>, tls: bool) -> Option<bool> {
        let (scheme, authority) = std::str::from_utf8(self.0).ok()?.split_once("://")?;
        let authority: Authority = authority.parse().ok()?;
        if authority.as_str().contains('@') {
            return Some(false);
        }
        let default = match scheme {
            "https" => 443,
            "http" if !tls => 80,
            _ => return Some(false),
        };
        let (port, requested) = (authority.port_u16(), target.port);
        let same_port = port.unwrap_or(default) == requested.unwrap_or(default);
        let host = HostText(authority.host());
        let is_host = target.hosts.iter().any(|own| host.matches(own));
        Some(is_host && (same_port || !host.is_loopback()))
    }
}

/// The host of an origin: a name, or an address with or without brackets.
#[derive(Clone, Copy)]
struct HostText<'a>(&'a str);

impl HostText<'_> {
    fn matches(self, host: &Host) -> bool {
        match host {
            Host::Name(name) => name.eq_ignore_ascii_case(self.0),
            Host::Wildcard(parent) => self.0.split_once('.').is_some_and(|(label, rest)| {
                !label.is_empty() && parent.eq_ignore_ascii_case(rest)
            }),
            Host::Address(address) => self.address() == Some(*address),
        }
    }

    /// Reports whether the host is this machine, where each port belongs to another program
    /// (RFC 6761, section 6.3).
    fn is_loopback(self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or(self.0);
        let address = self.address();
        last.eq_ignore_ascii_case("localhost")
            || address.is_some_and(|address| address.is_loopback())
    }

    fn address(self) -> Option<IpAddr> {
        let bare = self.0.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok()
    }
}

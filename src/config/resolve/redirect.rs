//! `redirect`: a site without a hub, whose requests are redirected to another origin.

use std::sync::Arc;

use http::{Uri, uri::Authority};

use super::{Resolver, host, upstream};
use crate::config::{
    file,
    model::{Destination, Host, Origin, Site},
    tree::Place,
};

impl Resolver<'_> {
    /// Resolves `upstream` or `redirect`, of which a site has one.
    pub(super) fn destination(
        &mut self,
        place: &Place<'_>,
        written: &file::Site,
    ) -> Option<Destination> {
        match (&written.upstream, &written.redirect) {
            (Some(upstream), None) => {
                let upstream = self.upstream(&place.key("upstream"), upstream)?;
                Some(Destination::Upstream(upstream))
            }
            (None, Some(target)) => {
                self.without_effect(place, written);
                let origin = self.redirect(&place.key("redirect"), target)?;
                Some(Destination::Redirect(origin))
            }
            (Some(_), Some(_)) => self.fault(
                &place.key("redirect"),
                "a site has a hub or redirects: keep `upstream` or `redirect`",
            ),
            (None, None) => self.lacking(place, NO_DESTINATION),
        }
    }

    /// Refuses each key that a redirect would leave without effect.
    fn without_effect(&mut self, place: &Place<'_>, written: &file::Site) {
        let keys = [
            ("access", written.access.is_some()),
            ("paths", !written.paths.is_empty()),
            ("user_header", written.user_header.is_some()),
            ("headers", !written.headers.is_empty()),
        ];
        for (key, _) in keys.iter().filter(|(_, is_written)| *is_written) {
            let message =
                format!("`redirect` answers every request, so this has no effect: remove `{key}`");
            self.fault::<()>(&place.key(key), message);
        }
    }

    fn redirect(&mut self, place: &Place<'_>, written: &str) -> Option<Origin> {
        let origin = self.keep(place, Target::parse(written))?.origin();
        let plain = origin.as_str().strip_prefix("http://");
        match plain.filter(|_| self.tls) {
            Some(rest) => self.fault(
                place,
                format!("{origin} leads from TLS into the clear: write https://{rest}"),
            ),
            None => Some(origin),
        }
    }

    /// Refuses redirects that come back to their own site.
    pub(super) fn refuse_redirect_loops(
        &mut self,
        place: &Place<'_>,
        sites: &[Arc<Site>],
    ) -> Option<()> {
        let loops: Vec<_> = (0..sites.len())
            .filter(|nth| self.comes_back(sites, *nth))
            .collect();
        for nth in &loops {
            let Some(origin) = sites[*nth].redirect() else {
                continue;
            };
            let message = format!(
                "{origin} leads back to this site, and browsers stop at such a loop: \
                 name a host of another site or machine"
            );
            self.fault::<()>(&place.item(*nth).key("redirect"), message);
        }
        loops.is_empty().then_some(())
    }

    fn comes_back(&self, sites: &[Arc<Site>], first: usize) -> bool {
        let mut at = first;
        for _ in 0..sites.len() {
            let Some(next) = sites[at]
                .redirect()
                .and_then(|origin| self.leads_to(sites, origin))
            else {
                return false;
            };
            if next == first {
                return true;
            }
            at = next;
        }
        false
    }

    /// The site that answers at the target of a redirect, as far as hubgate is reached there.
    fn leads_to(&self, sites: &[Arc<Site>], origin: &Origin) -> Option<usize> {
        let target = Target::parse(origin.as_str()).ok()?;
        let is_default = target.port == default_port(target.scheme);
        if !is_default && !self.itself.listens_on(target.port) {
            return None;
        }
        let has = |host: &Host| sites.iter().position(|site| site.hosts.contains(host));
        let wildcard = || {
            let Host::Name(name) = &target.host else {
                return None;
            };
            let (_, parent) = name.split_once('.')?;
            has(&Host::Wildcard(parent.to_owned()))
        };
        has(&target.host).or_else(wildcard)
    }
}

const NO_DESTINATION: &str = "no `upstream`: write the address of the hub, such as \
    http://127.0.0.1:8080, or `redirect` with another origin, such as https://home.example.org";

/// Whether `redirect` may name this origin.
#[must_use]
pub fn is_redirect(text: &str) -> bool {
    Target::parse(text).is_ok()
}

/// The origin that requests are redirected to.
struct Target {
    scheme: &'static str,
    host: Host,
    port: u16,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(ascii) = upstream::ascii_url(text) {
            return Err(format!("\"{text}\" is not ASCII: write {ascii}"));
        }
        refuse_more(text)?;
        let uri: Uri = text.parse().map_err(|_| no_origin(text))?;
        let scheme = scheme(text, &uri)?;
        let authority = uri.authority().ok_or_else(|| no_origin(text))?;
        let host = host::parse(authority.host())?;
        if let Host::Wildcard(_) = host {
            return Err(format!(
                "\"{text}\" names no single host: write the name that people are led to"
            ));
        }
        let port = port(text, authority, scheme)?;
        Ok(Self { scheme, host, port })
    }

    /// Its serialization (RFC 6454, section 6.2), without the scheme's own port.
    fn origin(&self) -> Origin {
        let (scheme, port) = (self.scheme, self.port);
        let host = match &self.host {
            Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
            host => host.to_string(),
        };
        match port == default_port(scheme) {
            true => Origin::new(&format!("{scheme}://{host}")),
            false => Origin::new(&format!("{scheme}://{host}:{port}")),
        }
    }
}

fn no_origin(text: &str) -> String {
    format!("\"{text}\" is no origin: write scheme and host, such as https://home.example.org")
}

/// Refuses what stands beside scheme, host and port, such as NGINX's `$request_uri`.
fn refuse_more(text: &str) -> Result<(), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(());
    };
    let end = rest.find(['/', '?', '#', '$', '{']).unwrap_or(rest.len());
    let (authority, more) = rest.split_at(end);
    if let Some((_, host)) = authority.rsplit_once('@') {
        return Err(format!(
            "\"{text}\" carries a user: write {scheme}://{host}"
        ));
    }
    match more {
        "" | "/" => Ok(()),
        _ if authority.is_empty() => Err(no_origin(text)),
        _ => Err(format!(
            "\"{text}\" has more than scheme, host and port: path and query of each request are kept; \
             write {scheme}://{authority}"
        )),
    }
}

fn scheme(text: &str, uri: &Uri) -> Result<&'static str, String> {
    match uri.scheme_str() {
        Some("https") => Ok("https"),
        Some("http") => Ok("http"),
        Some(other) => Err(format!("{other} is no scheme of web pages: write https")),
        None => Err(format!("no scheme in \"{text}\": write https://{text}")),
    }
}

fn port(text: &str, authority: &Authority, scheme: &str) -> Result<u16, String> {
    let after_host = &authority.as_str()[authority.host().len()..];
    match (after_host.is_empty(), authority.port_u16()) {
        (true, _) => Ok(default_port(scheme)),
        (false, Some(port @ 1..)) => Ok(port),
        _ => Err(format!(
            "no port from 1 to 65535 in \"{text}\": write one, or none for that of {scheme}"
        )),
    }
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, origin) in [
            ("https://home.example.org", "https://home.example.org"),
            ("HTTPS://Home.Example.org/", "https://home.example.org"),
            ("https://home.example.org:443", "https://home.example.org"),
            (
                "https://home.example.org:8443",
                "https://home.example.org:8443",
            ),
            ("http://192.168.1.5", "http://192.168.1.5"),
            ("https://[FD00::5]:443", "https://[fd00::5]"),
        ] {
            let parsed = Target::parse(text).map(|target| target.origin());
            assert_eq!(parsed, Ok(Origin::new(origin)));
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_cure() {
        for (text, cure) in [
            ("home.example.org", "write https://home.example.org"),
            (
                "https://home.example.org/openhab",
                "write https://home.example.org",
            ),
            (
                "https://home.example.org$request_uri",
                "write https://home.example.org",
            ),
            (
                "https://home.example.org{uri}",
                "write https://home.example.org",
            ),
            (
                "https://home.example.org?a=b",
                "write https://home.example.org",
            ),
            (
                "https://home.example.org/#a",
                "write https://home.example.org",
            ),
            (
                "https://me:secret@home.example.org",
                "write https://home.example.org",
            ),
            ("ftp://home.example.org", "write https"),
            ("https://haustür.example.org", "write https://xn--"),
            ("https://*.example.org", "no single host"),
            ("https://home.example.org:0", "1 to 65535"),
            ("https://home.example.org:99999", "1 to 65535"),
            ("https://home.example.org:", "1 to 65535"),
            ("https://", "such as https://home.example.org"),
            ("https:///a", "such as https://home.example.org"),
            ("", "such as https://home.example.org"),
            ("https://a b", "such as https://home.example.org"),
            ("https://a\r\nX: y", "such as https://home.example.org"),
        ] {
            let refused = Target::parse(text).err().unwrap();
            assert!(refused.contains(cure), "{text}: {refused}");
        }
    }
}

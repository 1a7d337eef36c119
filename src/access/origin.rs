//! Whether another site makes the client's browser send a request.
//!
//! A browser adds certificates, cached passwords and its place in the network
//! to what any page asks of it, so state changes and WebSockets are taken from
//! the site's own pages only. Programs that are no browsers send neither
//! `Origin` nor `Sec-Fetch-Site` and pass.

use std::net::IpAddr;

use http::{HeaderMap, Method, header::ORIGIN, uri::Authority};

use crate::config::model::Host;

/// What of a request tells who made the browser send it.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The method; GET, HEAD and OPTIONS change nothing.
    pub method: &'a Method,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Whether the request opens a WebSocket, which is judged whatever its method.
    pub websocket: bool,
    /// Whether it came over TLS: pages that did not could be anybody's then.
    pub tls: bool,
}

/// Why a request is taken to be another site's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossSite {
    /// The browser says so.
    #[error("sec-fetch-site is cross-site: open the page from this site's own address")]
    FetchSite,
    /// `Origin` (RFC 6454) names another site, none (`null`), or several.
    #[error("origin is none of this site's hosts: open the page from this site's own address")]
    Origin,
}

impl Sent<'_> {
    /// Judges a request to the site with these hosts.
    ///
    /// Own is an `http` or `https` origin of one of the hosts, with any port:
    /// the port the browser sees may be a router's, and neither cookies nor
    /// client certificates tell ports apart. Over TLS only `https` is own.
    ///
    /// # Errors
    /// What speaks for another site.
    pub fn judge(&self, hosts: &[Host]) -> Result<(), CrossSite> {
        if !self.websocket && is_safe(self.method) {
            return Ok(());
        }
        self.must_be_own(hosts)
    }

    /// Judges a request whatever its method.
    ///
    /// # Errors
    /// What speaks for another site.
    pub fn must_be_own(&self, hosts: &[Host]) -> Result<(), CrossSite> {
        let mut sites = self.headers.get_all("sec-fetch-site").iter();
        if sites.any(|site| site == "cross-site") {
            return Err(CrossSite::FetchSite);
        }
        let mut origins = self.headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if is_own(origin.as_bytes(), hosts, self.tls) => Ok(()),
            _ => Err(CrossSite::Origin),
        }
    }
}

/// Safe methods of RFC 9110, 9.2.1; TRACE never gets here.
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

fn is_own(origin: &[u8], hosts: &[Host], tls: bool) -> bool {
    let parts = std::str::from_utf8(origin).ok();
    let Some((scheme, authority)) = parts.and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let own_scheme = scheme == "https" || (scheme == "http" && !tls);
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    own_scheme
        && !authority.as_str().contains('@')
        && hosts.iter().any(|host| names(host, authority.host()))
}

fn names(host: &Host, asked: &str) -> bool {
    match host {
        Host::Name(name) => name.eq_ignore_ascii_case(asked),
        Host::Wildcard(parent) => asked
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && parent.eq_ignore_ascii_case(rest)),
        Host::Address(address) => {
            let bare = asked.trim_start_matches('[').trim_end_matches(']');
            bare.parse::<IpAddr>().is_ok_and(|asked| asked == *address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(method: &Method, websocket: bool, tls: bool, pairs: &[(&'static str, &str)]) -> bool {
        let hosts = [
            Host::Name("home.example.org".to_owned()),
            Host::Wildcard("hub.example".to_owned()),
            Host::Address("192.168.1.5".parse().unwrap()),
            Host::Address("fd00::5".parse().unwrap()),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let sent = Sent {
            method,
            headers: &headers,
            websocket,
            tls,
        };
        sent.judge(&hosts).is_ok()
    }

    fn posts_from(origin: &str, tls: bool) -> bool {
        judge(&Method::POST, false, tls, &[("origin", origin)])
    }

    #[test]
    fn own_pages_may_change_state() {
        for origin in [
            "https://home.example.org",
            "https://home.example.org:8443",
            "https://HOME.example.org",
            "https://anna.hub.example",
            "https://192.168.1.5",
            "https://[fd00::5]:8443",
        ] {
            assert!(posts_from(origin, true), "{origin}");
        }
        assert!(posts_from("http://home.example.org", false));
        assert!(posts_from("https://home.example.org", false));
    }

    #[test]
    fn other_pages_may_not() {
        for origin in [
            "null",
            "",
            "https://evil.example",
            "https://home.example.org.evil.example",
            "https://evil-home.example.org",
            "https://a.b.hub.example",
            "https://hub.example",
            "https://.hub.example",
            "https://home.example.org@evil.example",
            "https://evil@home.example.org",
            "https://home.example.org/",
            "ftp://home.example.org",
            "home.example.org",
            "https://192.168.1.50",
            "http://home.example.org",
        ] {
            assert!(!posts_from(origin, true), "{origin}");
        }
        let twice = [("origin", "https://home.example.org"); 2];
        assert!(!judge(&Method::POST, false, true, &twice));
    }

    #[test]
    fn the_browsers_word_comes_first() {
        let own = ("origin", "https://home.example.org");
        for (site, passes) in [
            ("same-origin", true),
            ("same-site", true),
            ("none", true),
            ("cross-site", false),
        ] {
            let pairs = [own, ("sec-fetch-site", site)];
            assert_eq!(judge(&Method::PUT, false, true, &pairs), passes, "{site}");
        }
    }

    #[test]
    fn programs_without_an_origin_pass() {
        assert!(judge(&Method::DELETE, false, true, &[]));
        assert!(judge(&Method::GET, true, true, &[]));
    }

    #[test]
    fn a_navigation_passes_and_a_websocket_is_always_judged() {
        let foreign = [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ];
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(judge(&method, false, true, &foreign), "{method}");
            assert!(!judge(&method, true, true, &foreign), "{method}");
        }
        let unknown = Method::from_bytes(b"BREW").unwrap();
        assert!(!judge(&unknown, false, true, &foreign));
    }
}

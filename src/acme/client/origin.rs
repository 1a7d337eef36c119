//! The server a URL leads to (RFC 6454): scheme, host and port.

use std::{fmt, net::IpAddr};

use http::Uri;

use crate::acme::problem::{Class, Problem};

/// The server a URL leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) secure: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The server of an absolute URL; only this machine is talked to without TLS.
    pub(super) fn of(url: &Uri) -> Result<Self, Problem> {
        let refuse = |what: &str| Problem::new(Class::Refused, format!("{url} {what}"));
        let secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refuse("is no URL that begins with https://")),
        };
        let host = bare(url.host().unwrap_or_default()).to_ascii_lowercase();
        if host.is_empty() {
            return Err(refuse("names no server"));
        }
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let origin = Self { secure, host, port };
        if !secure && !origin.is_this_machine() {
            return Err(refuse(
                "is not encrypted: write https://, as http:// is for this machine only",
            ));
        }
        Ok(origin)
    }

    /// Whether the host is this machine by its name.
    pub(super) fn is_this_machine(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost"
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Host and port as they stand in a URL and in `Host`; a scheme's own port is left out.
    pub(super) fn authority(&self) -> String {
        let port = if self.secure { 443 } else { 80 };
        if self.port == port {
            return bracketed(&self.host);
        }
        self.target()
    }

    /// Host and port as they stand in CONNECT.
    pub(super) fn target(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

fn bracketed(host: &str) -> String {
    if host.contains(':') {
        return format!("[{host}]");
    }
    host.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<Origin, Problem> {
        Origin::of(&url.parse().unwrap())
    }

    #[test]
    fn a_server_is_written_as_in_its_url() {
        for (url, written) in [
            ("https://CA.example.org/dir", "ca.example.org"),
            ("https://ca.example.org:443/", "ca.example.org"),
            ("https://[::1]:14000/dir", "[::1]:14000"),
            ("http://127.0.0.1:80/dir", "127.0.0.1"),
        ] {
            assert_eq!(of(url).unwrap().to_string(), written);
        }
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for url in ["http://127.0.0.9/", "http://[::1]/", "http://localhost:9/"] {
            assert!(of(url).is_ok(), "{url}");
        }
        for url in ["http://ca.example.org/", "http://192.168.1.5/", "/dir"] {
            assert_eq!(of(url).unwrap_err().class, Class::Refused, "{url}");
        }
    }
}

//! The origin of a URL (RFC 6454): scheme, host and port.

use std::{fmt, net::IpAddr};

use http::Uri;

use crate::acme::problem::{Class, Problem};

/// The origin of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    /// True for `https`.
    pub(super) secure: bool,
    /// A name in lower case, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// Returns the origin of an absolute URL.
    ///
    /// # Errors
    /// `Class::Refused` for another scheme than `https`, except `http` to this machine, and for
    /// a URL without a host.
    pub(super) fn parse(url: &Uri) -> Result<Self, Problem> {
        let refuse = |fault: &str| Problem::new(Class::Refused, format!("{url} {fault}"));
        let secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refuse("is not a URL that begins with https://")),
        };
        let host = strip_brackets(url.host().unwrap_or_default()).to_ascii_lowercase();
        if host.is_empty() {
            return Err(refuse("has no host"));
        }
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let origin = Self { secure, host, port };
        if !secure && !origin.is_this_machine() {
            return Err(refuse(
                "is not encrypted: write https://; http:// is for this machine only",
            ));
        }
        Ok(origin)
    }

    /// Returns true for `localhost` and loopback addresses.
    pub(super) fn is_this_machine(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost"
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Returns host and port for a URL and `Host`; the scheme's default port is left out.
    pub(super) fn authority(&self) -> String {
        let port = if self.secure { 443 } else { 80 };
        if self.port == port {
            return self.bracketed_host();
        }
        self.target()
    }

    /// Returns host and port for CONNECT.
    pub(super) fn target(&self) -> String {
        format!("{}:{}", self.bracketed_host(), self.port)
    }

    fn bracketed_host(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

/// Removes the brackets of an IPv6 address.
pub(super) fn strip_brackets(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Origin, Problem> {
        Origin::parse(&url.parse().unwrap())
    }

    #[test]
    fn an_origin_is_displayed_as_in_its_url() {
        for (url, written) in [
            ("https://CA.example.org/dir", "ca.example.org"),
            ("https://ca.example.org:443/", "ca.example.org"),
            ("https://[::1]:14000/dir", "[::1]:14000"),
            ("http://127.0.0.1:80/dir", "127.0.0.1"),
        ] {
            assert_eq!(parse(url).unwrap().to_string(), written);
        }
    }

    #[test]
    fn http_is_permitted_to_this_machine_only() {
        for url in ["http://127.0.0.9/", "http://[::1]/", "http://localhost:9/"] {
            assert!(parse(url).is_ok(), "{url}");
        }
        for url in ["http://ca.example.org/", "http://192.168.1.5/", "/dir"] {
            assert_eq!(parse(url).unwrap_err().class, Class::Refused, "{url}");
        }
    }
}

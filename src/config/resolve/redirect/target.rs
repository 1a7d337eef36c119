//! Parses the value of `redirect`: the origin that requests are redirected to.

use http::{Uri, uri::Authority};

use super::super::upstream::ServerUrl;
use crate::config::model::{Host, Origin};

/// True if `redirect` can contain this origin.
#[must_use]
pub fn is_redirect(text: &str) -> bool {
    Target::parse(text).is_ok()
}

/// The origin that requests are redirected to.
pub(super) struct Target {
    pub(super) scheme: Scheme,
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(ascii) = ServerUrl(text).to_ascii() {
            return Err(format!("\"{text}\" is not ASCII: write {ascii}"));
        }
        let written = TargetText(text);
        written.refuse_more()?;
        let uri: Uri = text.parse().map_err(|_| written.refusal())?;
        let scheme = written.scheme(&uri)?;
        let authority = uri.authority().ok_or_else(|| written.refusal())?;
        let host = Host::parse(authority.host())?;
        if let Host::Wildcard(_) = host {
            return Err(format!(
                "\"{text}\" names no single host: write the host to redirect to"
            ));
        }
        let port = written.port(authority, scheme)?;
        Ok(Self { scheme, host, port })
    }

    /// Serializes the origin (RFC 6454, section 6.2), without the scheme's default port.
    pub(super) fn origin(&self) -> Origin {
        let scheme = self.scheme.as_str();
        let host = match &self.host {
            Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
            host => host.to_string(),
        };
        match self.port == self.scheme.default_port() {
            true => Origin::new(&format!("{scheme}://{host}")),
            false => Origin::new(&format!("{scheme}://{host}:{}", self.port)),
        }
    }
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(super) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The value of `redirect` as written.
struct TargetText<'t>(&'t str);

impl TargetText<'_> {
    fn refusal(&self) -> String {
        format!(
            "\"{}\" is no origin: write scheme and host, such as https://home.example.org",
            self.0
        )
    }

    /// Refuses more than scheme, host and port, such as NGINX's `$request_uri`.
    fn refuse_more(&self) -> Result<(), String> {
        let text = self.0;
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(());
        };
        let end = rest.find(['/', '?', '#', '$', '{']).unwrap_or(rest.len());
        let (authority, more) = rest.split_at(end);
        if let Some((_, host)) = authority.rsplit_once('@') {
            return Err(format!(
                "\"{text}\" contains a user: write {scheme}://{host}"
            ));
        }
        match more {
            "" | "/" => Ok(()),
            _ if authority.is_empty() => Err(self.refusal()),
            _ => Err(format!(
                "\"{text}\" has more than scheme, host and port: write {scheme}://{authority}; \
                 hubgate adds the path and query of each request"
            )),
        }
    }

    fn scheme(&self, uri: &Uri) -> Result<Scheme, String> {
        let text = self.0;
        match uri.scheme_str() {
            Some("https") => Ok(Scheme::Https),
            Some("http") => Ok(Scheme::Http),
            Some(other) => Err(format!("{other} is no scheme of web pages: write https")),
            None => Err(format!("no scheme in \"{text}\": write https://{text}")),
        }
    }

    fn port(&self, authority: &Authority, scheme: Scheme) -> Result<u16, String> {
        let after_host = &authority.as_str()[authority.host().len()..];
        match (after_host.is_empty(), authority.port_u16()) {
            (true, _) => Ok(scheme.default_port()),
            (false, Some(port @ 1..)) => Ok(port),
            _ => Err(format!(
                "no port from 1 to 65535 in \"{}\": write one, or none for that of {}",
                self.0,
                scheme.as_str()
            )),
        }
    }
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
    fn text_that_is_no_redirect_is_refused_with_the_cure() {
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

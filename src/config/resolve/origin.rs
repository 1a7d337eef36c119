//! `access.origins`: other origins with the rights of the site's own pages (RFC 6454).

use super::{Resolved, Resolver};
use crate::config::{
    file::{self, SiteAccess},
    model::{Host, Origin},
    tree::Location,
};

impl Resolver<'_> {
    /// Resolves the origins of an access rule; a rule without the key has none.
    pub(super) fn origins(
        &mut self,
        location: &Location<'_>,
        access: Option<&SiteAccess>,
    ) -> Resolved<Vec<Origin>> {
        let Some(SiteAccess::Factors(file::Access {
            origins: Some(written),
            ..
        })) = access
        else {
            return Ok(Vec::new());
        };
        let location = location.key("origins");
        if written.is_empty() {
            let cure = "no origin at all: name one, or remove `origins`";
            return self.missing(&location, cure);
        }
        let origins = self.each(&location, written, Origin::parse)?;
        for (nth, origin) in origins.iter().enumerate() {
            if origins[..nth].contains(origin) {
                let message = format!("{origin} is listed before: keep one");
                return self.fault(&location.item(nth), message);
            }
            if let Some(weakness) = origin.weakness() {
                self.warn(&location.item(nth), weakness);
            }
        }
        Ok(origins)
    }
}

/// True if `access.origins` can contain the text.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    Origin::parse(text).is_ok()
}

impl Origin {
    /// Parses `scheme://host[:port]` or `null` into the form that browsers send: in lower case,
    /// without the scheme's default port.
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "null" => return Ok(Self::new(text)),
            "*" => {
                return Err(
                    "`*` would let the pages of every site act here: name each origin, \
                     such as https://panel.example.org"
                        .into(),
                );
            }
            _ => {}
        }
        let Some((scheme, authority)) = text.split_once("://") else {
            return Err(format!(
                "\"{text}\" is no origin: write scheme and host, such as https://panel.example.org"
            ));
        };
        let scheme = scheme.to_ascii_lowercase();
        let written = OriginText {
            text,
            scheme: &scheme,
            authority,
        };
        let (host, port) = written.host_and_port()?;
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        Ok(Self::new(&format!("{scheme}://{host}{port}")))
    }

    /// Returns why pages of more than one site can have this origin, if that is so.
    fn weakness(&self) -> Option<&'static str> {
        let text = self.as_str();
        if text == "null" {
            return Some("every site can open a page with the origin null: give that page a host");
        }
        let host = text.strip_prefix("http://")?;
        let local = ["localhost", "127.0.0.1", "[::1]"];
        let is_local = local.iter().any(|name| {
            let rest = host.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        (!is_local).then_some(
            "pages that come in the clear can be changed on their way: serve them by https",
        )
    }
}

/// An origin as written, split at `://`.
struct OriginText<'t> {
    text: &'t str,
    /// Scheme in lower case.
    scheme: &'t str,
    authority: &'t str,
}

impl OriginText<'_> {
    fn host_and_port(&self) -> Result<(String, Option<u16>), String> {
        let (text, scheme) = (self.text, self.scheme);
        self.check_scheme()?;
        if let Some(end) = self.authority.find(['/', '?', '#']) {
            let bare = &self.authority[..end];
            return Err(format!(
                "\"{text}\" is more than an origin: write \"{scheme}://{bare}\""
            ));
        }
        let (host, port) = self.split_port();
        let host = match Host::parse(host)? {
            Host::Wildcard(_) => {
                return Err(format!(
                    "\"{text}\" names many origins: write each origin on its own"
                ));
            }
            Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
            host => host.to_string(),
        };
        Ok((host, self.port(port)?))
    }

    fn check_scheme(&self) -> Result<(), String> {
        let (text, scheme) = (self.text, self.scheme);
        let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme == "file" {
            return Err("pages of files have the origin null: write null".into());
        }
        match scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits) {
            true => Ok(()),
            false => Err(format!(
                "\"{text}\" has no scheme: write one such as https://panel.example.org"
            )),
        }
    }

    /// Splits the authority at the colon after the host, if there is one.
    fn split_port(&self) -> (&str, Option<&str>) {
        let end = self.authority.rfind(']').map_or(0, |bracket| bracket + 1);
        match self.authority[end..].find(':') {
            Some(colon) => {
                let (host, port) = self.authority.split_at(end + colon);
                (host, Some(&port[1..]))
            }
            None => (self.authority, None),
        }
    }

    /// Parses a port, which is `None` if it is the scheme's default.
    fn port(&self, text: Option<&str>) -> Result<Option<u16>, String> {
        match text.map(str::parse::<u16>) {
            None => Ok(None),
            Some(Ok(port @ 1..)) => {
                Ok(Some(port).filter(|port| self.default_port() != Some(*port)))
            }
            Some(_) => Err(format!(
                "\"{}\" has no port after the colon: write one from 1 to 65535",
                self.text
            )),
        }
    }

    fn default_port(&self) -> Option<u16> {
        match self.scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_form_however_it_is_written() {
        for (text, origin) in [
            ("null", "null"),
            ("https://panel.example.org", "https://panel.example.org"),
            ("HTTPS://Panel.Example.ORG:443", "https://panel.example.org"),
            ("http://panel.lan:80", "http://panel.lan"),
            ("http://panel.lan:443", "http://panel.lan:443"),
            (
                "https://panel.example.org:8443",
                "https://panel.example.org:8443",
            ),
            ("http://192.168.1.5:3000", "http://192.168.1.5:3000"),
            ("https://[FD00:0::5]:8443", "https://[fd00::5]:8443"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(Origin::parse(text), Ok(Origin::new(origin)), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_origin_is_refused_with_the_cure() {
        for (text, cure) in [
            ("*", "name each origin"),
            ("https://*", "wrong place"),
            ("https://*.example.org", "each origin on its own"),
            ("panel.example.org", "write scheme and host"),
            ("", "write scheme and host"),
            ("Null", "write scheme and host"),
            (
                "https://panel.example.org/",
                "write \"https://panel.example.org\"",
            ),
            (
                "https://panel.example.org/a?b",
                "write \"https://panel.example.org\"",
            ),
            ("https://panel.example.org?b", "more than an origin"),
            ("https://user@panel.example.org", "is no host"),
            ("https://panel.example.org:", "1 to 65535"),
            ("https://panel.example.org:0", "1 to 65535"),
            ("https://panel.example.org:99999", "1 to 65535"),
            ("https://haustür.example.org", "xn--"),
            ("https://", "is no host"),
            ("://panel.example.org", "no scheme"),
            ("file:///home/panel.html", "null"),
        ] {
            let fault = Origin::parse(text).unwrap_err();
            assert!(fault.contains(cure), "{text}: {fault}");
        }
    }

    #[test]
    fn an_origin_that_other_pages_can_have_is_reported() {
        let is_weak = |text: &str| Origin::parse(text).unwrap().weakness().is_some();
        for origin in ["null", "http://panel.lan", "http://localhost.example.org"] {
            assert!(is_weak(origin), "{origin}");
        }
        for origin in [
            "https://panel.lan",
            "http://localhost:8080",
            "http://[::1]",
            "app://x",
        ] {
            assert!(!is_weak(origin), "{origin}");
        }
    }
}

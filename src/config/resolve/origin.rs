//! `access.origins`: the web pages of other sites that count as the site's own (RFC 6454).

use super::{Resolver, host};
use crate::config::{
    file::{self, SiteAccess},
    model::{Host, Origin},
    tree::Place,
};

impl Resolver<'_> {
    /// The origins that an `access` block lists; none where there is no block.
    pub(super) fn origins(
        &mut self,
        place: &Place<'_>,
        block: Option<&SiteAccess>,
    ) -> Option<Vec<Origin>> {
        let Some(SiteAccess::Factors(file::Access {
            origins: Some(written),
            ..
        })) = block
        else {
            return Some(Vec::new());
        };
        let place = place.key("origins");
        if written.is_empty() {
            return self.lacking(&place, "no origin at all: name one, or remove `origins`");
        }
        let origins = self.each(&place, written, parse)?;
        for (nth, origin) in origins.iter().enumerate() {
            if origins[..nth].contains(origin) {
                return self.fault(
                    &place.item(nth),
                    format!("{origin} is listed before: keep one"),
                );
            }
            if let Some(weakness) = weakness(origin) {
                self.warn(&place.item(nth), weakness);
            }
        }
        Some(origins)
    }
}

/// Whether `access.origins` takes the text.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    parse(text).is_ok()
}

/// Reads `scheme://host[:port]` or the word `null`; in lower case and without the scheme's own
/// port, as browsers write it.
fn parse(text: &str) -> Result<Origin, String> {
    match text {
        "null" => return Ok(Origin::new(text)),
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
    check_scheme(&scheme, text)?;
    if let Some(end) = authority.find(['/', '?', '#']) {
        let bare = &authority[..end];
        return Err(format!(
            "\"{text}\" is more than an origin: write \"{scheme}://{bare}\""
        ));
    }
    let (host, port) = split_port(authority);
    let host = match host::parse(host)? {
        Host::Wildcard(_) => {
            return Err(format!(
                "\"{text}\" names many: write each origin by itself"
            ));
        }
        Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
        host => host.to_string(),
    };
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port @ 1..)) => Some(port).filter(|port| default_port(&scheme) != Some(*port)),
        Some(_) => {
            return Err(format!(
                "\"{text}\" has no port behind the colon: 1 to 65535"
            ));
        }
    };
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    Ok(Origin::new(&format!("{scheme}://{host}{port}")))
}

fn check_scheme(scheme: &str, text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme == "file" {
        return Err("pages of files have no origin of their own: browsers send null".into());
    }
    match scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits) {
        true => Ok(()),
        false => Err(format!(
            "\"{text}\" has no scheme: write one such as https://panel.example.org"
        )),
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[end..].find(':') {
        Some(colon) => (
            &authority[..end + colon],
            Some(&authority[end + colon + 1..]),
        ),
        None => (authority, None),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Why more pages than those of one site may send an origin.
fn weakness(origin: &Origin) -> Option<&'static str> {
    let text = origin.as_str();
    if text == "null" {
        return Some("every site can open a page whose origin is null: give that page a host");
    }
    let host = text.strip_prefix("http://")?;
    let local = ["localhost", "127.0.0.1", "[::1]"];
    let is_local = local.iter().any(|name| {
        let rest = host.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    (!is_local)
        .then_some("pages that come in the clear can be changed on their way: serve them by https")
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
            assert_eq!(parse(text), Ok(Origin::new(origin)), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_origin_is_refused_with_the_cure() {
        for (text, cure) in [
            ("*", "name each origin"),
            ("https://*", "wrong place"),
            ("https://*.example.org", "each origin by itself"),
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
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(cure), "{text}: {fault}");
        }
    }

    #[test]
    fn an_origin_that_others_can_take_is_warned_of() {
        let is_weak = |text: &str| weakness(&parse(text).unwrap()).is_some();
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

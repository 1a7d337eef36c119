//! The addresses of an upstream's servers in redirects.
//!
//! A server may redirect to its own address, which clients cannot reach. The same path at the site
//! replaces it.

use crate::config::model::{self, Server};

/// The origins of an upstream's servers, and those of its `host`.
#[derive(Debug, Default)]
pub struct OwnAddresses(Vec<String>);

impl OwnAddresses {
    pub(super) fn new(config: &model::Upstream) -> Self {
        let servers = config.servers.iter().flat_map(origins);
        let host = config.host.as_ref().and_then(|host| host.to_str().ok());
        let hosts = host
            .into_iter()
            .flat_map(|host| ["http", "https"].map(|scheme| format!("{scheme}://{host}")));
        Self(servers.chain(hosts).collect())
    }

    /// The path, query and fragment of a URL at one of the addresses; none for any other URL.
    ///
    /// The path begins with one slash, as `//` begins an authority (RFC 3986, section 4.2).
    #[must_use]
    pub fn path_of(&self, url: &str) -> Option<String> {
        // Browsers remove TAB, CR and LF from a URL.
        if url.contains(|c: char| c.is_ascii_control()) {
            return None;
        }
        let rest = self.0.iter().find_map(|origin| rest_after(origin, url))?;
        let begin = match rest.as_bytes() {
            [b'/', b'/' | b'\\', ..] => "/.",
            [b'/', ..] => "",
            _ => "/",
        };
        Some(format!("{begin}{rest}"))
    }
}

/// `http://host:port`, and `http://host` for the scheme's default port.
fn origins(server: &Server) -> Vec<String> {
    let Server::Tcp { port, tls, .. } = server else {
        return Vec::new();
    };
    let origin = server.to_string();
    let default = if *tls { 443 } else { 80 };
    let short = origin
        .strip_suffix(&format!(":{default}"))
        .filter(|_| *port == default);
    let short = short.map(str::to_owned);
    short.into_iter().chain([origin]).collect()
}

fn rest_after<'u>(origin: &str, url: &'u str) -> Option<&'u str> {
    let (begin, rest) = url.split_at_checked(origin.len())?;
    let ends = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    (ends && begin.eq_ignore_ascii_case(origin)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn addresses(host: &str, port: u16, tls: bool) -> OwnAddresses {
        let host = host.to_owned();
        OwnAddresses::new(&model::Upstream {
            servers: vec![Server::Tcp { host, port, tls }],
            host: Some(HeaderValue::from_static("router.lan")),
            ..model::Upstream::default()
        })
    }

    #[test]
    fn a_url_of_a_server_becomes_its_path() {
        for (host, port, tls, url, path) in [
            (
                "127.0.0.1",
                8080,
                false,
                "http://127.0.0.1:8080/a?b#c",
                "/a?b#c",
            ),
            ("hub.lan", 80, false, "HTTP://Hub.lan/a", "/a"),
            ("hub.lan", 80, false, "http://hub.lan:80", "/"),
            ("hub.lan", 443, true, "https://hub.lan?b", "/?b"),
            ("fd00::1", 8443, true, "https://[fd00::1]:8443/a", "/a"),
            ("hub.lan", 8080, false, "https://router.lan/login", "/login"),
        ] {
            let found = addresses(host, port, tls).path_of(url);
            assert_eq!(found.as_deref(), Some(path), "{url}");
        }
    }

    #[test]
    fn any_other_url_stays_unchanged() {
        let addresses = addresses("127.0.0.1", 80, false);
        for url in [
            "http://127.0.0.1:8080/",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@example/",
            "https://127.0.0.1/",
            "http://router.lan:81/",
            "/a",
            "//127.0.0.1/a",
            "http://127.0.0.1/\t/example.org/",
            "",
        ] {
            assert_eq!(addresses.path_of(url), None, "{url}");
        }
    }

    #[test]
    fn no_path_begins_an_authority() {
        let addresses = addresses("127.0.0.1", 80, false);
        for (url, path) in [
            ("http://127.0.0.1//example.org/", "/.//example.org/"),
            ("http://127.0.0.1/\\example.org/", "/./\\example.org/"),
        ] {
            assert_eq!(addresses.path_of(url).as_deref(), Some(path));
        }
    }
}

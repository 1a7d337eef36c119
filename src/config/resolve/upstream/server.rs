//! Parses a server of `upstream`: a URL or a Unix socket.

use std::path::Path;

use http::{Uri, uri::Authority};

use super::super::host::HostText;
use crate::config::{
    characters::must_be_visible,
    model::{Host, Server},
};

/// Checks a server of `upstream`.
///
/// # Errors
/// Cause and cure, if `upstream` cannot contain it.
pub fn check_server(text: &str) -> Result<(), String> {
    Server::parse(text).map(drop)
}

/// True if `upstream` can contain this server.
#[must_use]
pub fn is_server(text: &str) -> bool {
    Server::parse(text).is_ok()
}

impl Server {
    /// Parses `http://HOST:PORT`, `https://HOST:PORT` or `unix:/SOCKET`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) => Self::parse_socket(path),
            None => ServerUrl(text).parse(),
        }
    }

    fn parse_socket(path: &str) -> Result<Self, String> {
        must_be_visible(path)?;
        if !path.starts_with('/') {
            return Err(format!(
                "\"{path}\" is no absolute path: write one such as unix:/run/hub.sock"
            ));
        }
        Ok(Self::Unix(Path::new(path).to_owned()))
    }
}

/// The URL of a server or redirect, as written.
pub(in crate::config::resolve) struct ServerUrl<'t>(pub(in crate::config::resolve) &'t str);

impl ServerUrl<'_> {
    /// Converts a URL that is not ASCII to one with the host's form in the DNS; `None` for any
    /// other.
    pub(in crate::config::resolve) fn to_ascii(&self) -> Option<String> {
        let (scheme, rest) = self.0.split_once("://")?;
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let name = HostText(&rest[..end]).to_ascii()?;
        Some(format!("{scheme}://{name}{}", &rest[end..]))
    }

    fn parse(&self) -> Result<Server, String> {
        let text = self.0;
        if let Some(ascii) = self.to_ascii() {
            return Err(format!("\"{text}\" is not ASCII: write {ascii}"));
        }
        let uri: Uri = text.parse().map_err(|_| self.refusal())?;
        let tls = self.tls(&uri)?;
        let authority = uri.authority().ok_or_else(|| self.refusal())?;
        self.refuse_more(&uri, authority)?;
        let port = self.port(authority)?;
        let host = match Host::parse(authority.host())? {
            Host::Name(name) => name,
            Host::Address(address) => address.to_string(),
            Host::Wildcard(_) => {
                return Err(format!(
                    "\"{text}\" names no single host: write its name or address"
                ));
            }
        };
        Ok(Server::Tcp { host, port, tls })
    }

    fn refusal(&self) -> String {
        format!(
            "\"{}\" is no URL: write one such as http://127.0.0.1:8080 or unix:/run/hub.sock",
            self.0
        )
    }

    fn tls(&self, uri: &Uri) -> Result<bool, String> {
        let text = self.0;
        match uri.scheme_str() {
            Some("http") => Ok(false),
            Some("https") => Ok(true),
            Some(other) => Err(format!(
                "{other} is no scheme of a hub: write http, https or unix"
            )),
            None => Err(format!("no scheme in \"{text}\": write http://{text}")),
        }
    }

    /// Refuses user, path, query and fragment.
    fn refuse_more(&self, uri: &Uri, authority: &Authority) -> Result<(), String> {
        let text = self.0;
        if authority.as_str().contains('@') {
            return Err(format!(
                "\"{text}\" contains a user: remove it, up to the @"
            ));
        }
        if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
            return Err(format!(
                "\"{text}\" has more than scheme, host and port: remove the rest; hubgate forwards every path unchanged"
            ));
        }
        Ok(())
    }

    fn port(&self, authority: &Authority) -> Result<u16, String> {
        let text = self.0;
        let after_host = &authority.as_str()[authority.host().len()..];
        if after_host.is_empty() {
            return Err(format!(
                "no port in \"{text}\": write one, such as http://{authority}:8080"
            ));
        }
        match authority.port_u16() {
            None | Some(0) => Err(format!(
                "no port from 1 to 65535 in \"{text}\": write one, such as 8080"
            )),
            Some(port) => Ok(port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, tls: bool) -> Result<Server, String> {
        let host = host.into();
        Ok(Server::Tcp { host, port, tls })
    }

    #[test]
    fn a_server_is_scheme_host_and_port() {
        assert_eq!(
            Server::parse("http://127.0.0.1:8080"),
            tcp("127.0.0.1", 8080, false)
        );
        assert_eq!(
            Server::parse("http://localhost:8080/"),
            tcp("localhost", 8080, false)
        );
        assert_eq!(
            Server::parse("HTTPS://Hub.local:8443"),
            tcp("hub.local", 8443, true)
        );
        assert_eq!(Server::parse("http://[::1]:8080"), tcp("::1", 8080, false));
        assert_eq!(
            Server::parse("unix:/run/hub.sock"),
            Ok(Server::Unix("/run/hub.sock".into()))
        );
    }

    #[test]
    fn text_that_is_no_server_is_refused_with_the_cure() {
        let refusal = |text: &str| Server::parse(text).unwrap_err();
        assert!(refusal("http://hub").starts_with("no port in \"http://hub\""));
        assert!(refusal("https://hub").starts_with("no port in"));
        assert!(refusal("localhost:8080").ends_with("write http://localhost:8080"));
        assert!(refusal("http://küche.local:80").ends_with("write http://xn--kche-0ra.local:80"));
        assert!(refusal("ws://hub:80").starts_with("ws is no scheme"));
        for port in ["http://hub:0", "http://hub:99999", "http://hub:"] {
            assert!(refusal(port).contains("no port from 1"), "{port}");
        }
        for more in [
            "http://hub:80/openhab",
            "http://hub:80?a",
            "http://hub:80/#a",
        ] {
            assert!(refusal(more).contains("remove the rest"), "{more}");
        }
        assert!(refusal("http://me:secret@hub:80").contains("up to the @"));
        assert!(refusal("unix:hub.sock").contains("absolute"));
        assert!(refusal("http://*.hub:80").contains("no single host"));
        for odd in ["", "http://", "http:///x", "/", "http://a b:80"] {
            assert!(Server::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_socket_with_an_invisible_character_is_refused() {
        for odd in [
            "unix:/a\nb",
            "unix:/a\u{1b}[2J",
            "unix:/a\u{202e}b",
            "unix:/\0",
        ] {
            let fault = Server::parse(odd).unwrap_err();
            assert!(fault.contains("invisible character U+"), "{odd:?}");
        }
    }
}

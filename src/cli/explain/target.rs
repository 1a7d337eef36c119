//! The URL that is explained: the connection that a client opens for it, and the request target.

use std::net::SocketAddr;

use anyhow::{anyhow, bail, ensure};

use crate::{
    authority::Authority,
    config::model::{Host, Listen},
};

/// A URL, split as a browser splits it.
#[derive(Debug)]
pub(super) struct Target {
    /// The URL as written.
    pub(super) url: String,
    /// True for https.
    pub(super) tls: bool,
    /// Value of the Host header.
    pub(super) host: String,
    /// Host and port of the connection.
    pub(super) authority: Authority,
    /// Path and query.
    pub(super) path_and_query: String,
    /// Port of the connection.
    pub(super) port: u16,
    /// True if hubgate serves TLS on that port.
    pub(super) tls_port: bool,
    /// True if hubgate listens on that port.
    pub(super) listens: bool,
}

impl Target {
    /// Parses `http://HOST[:PORT]/PATH` or `https://HOST[:PORT]/PATH`.
    pub(super) fn parse(url: &str, listen: &Listen) -> anyhow::Result<Self> {
        let refusal = |cause: &str| anyhow!("{url:?}: {cause}");
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refusal(NO_URL))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(refusal(NO_URL)),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = Authority::parse(host).ok_or_else(|| refusal(NO_HOST))?;
        let is_encoded = path.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(is_encoded, refusal(ENCODE));
        if tls && listen.https.is_empty() {
            bail!("{url:?}: hubgate serves no https: listen.https is [] in proxy.yaml");
        }
        let port = authority.port.unwrap_or(if tls { 443 } else { 80 });
        let has_port = |listeners: &[SocketAddr]| listeners.iter().any(|own| own.port() == port);
        let (http, https) = (has_port(&listen.http), has_port(&listen.https));
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            url: url.to_owned(),
            tls,
            host: host.to_owned(),
            path_and_query: format!("{slash}{path}"),
            authority,
            port,
            tls_port: tls || (https && !http),
            listens: if tls { https } else { http || https },
        })
    }

    /// Returns the server name of the handshake (RFC 6066, section 3); `None` for an address.
    pub(super) fn server_name(&self) -> Option<Host> {
        let host = &self.authority.host;
        matches!(host, Host::Name(_)).then(|| host.clone())
    }
}

const NO_URL: &str = "no URL: write one such as https://home.example.org/";
const NO_HOST: &str = "no host and port between // and the path: write https://HOST[:PORT]/PATH, and \
    a user as --user NAME";
const ENCODE: &str = "the path has a character that must be percent-encoded";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Target> {
        let listen = Listen {
            http: vec!["[::]:80".parse().unwrap()],
            https: vec!["[::]:443".parse().unwrap(), "[::]:8443".parse().unwrap()],
        };
        Target::parse(url, &listen)
    }

    #[test]
    fn a_url_is_split_as_a_browser_splits_it() {
        let target = parse("https://Home.test?x=/y#part").unwrap();
        let path = target.path_and_query.as_str();
        assert_eq!((path, target.port), ("/?x=/y", 443));
        assert_eq!(target.server_name(), Some(Host::Name("home.test".into())));
        assert!(target.tls && target.listens);
        let target = parse("http://[::1]:8443/a").unwrap();
        assert!(target.tls_port && !target.tls && target.listens);
        assert_eq!(target.server_name(), None);
        assert!(!parse("http://home.test:81/").unwrap().listens);
    }

    #[test]
    fn text_that_is_no_url_is_refused_with_the_cure() {
        for (url, cure) in [
            ("home.test", "https://home.example.org/"),
            ("ftp://home.test/", "https://home.example.org/"),
            ("https://anna@home.test/", "--user"),
            ("https:///path", "HOST"),
            ("https://home.test/a b", "percent-encoded"),
            ("https://home.test/a\r\nX: y", "percent-encoded"),
        ] {
            let refusal = parse(url).unwrap_err().to_string();
            assert!(refusal.contains(cure), "{refusal}");
        }
        let parsed = Target::parse("https://home.test/", &Listen::default());
        assert!(parsed.unwrap_err().to_string().contains("listen.https"));
    }
}

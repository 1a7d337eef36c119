//! The address that is explained: which connection it opens, and which head it sends.

use anyhow::{anyhow, bail, ensure};

use crate::{
    authority::Authority,
    config::model::{Host, Listen},
};

/// The address, split as a browser splits it.
#[derive(Debug)]
pub(super) struct Called {
    /// As it was given.
    pub(super) url: String,
    /// Whether it begins with https.
    pub(super) tls: bool,
    /// Host and port, as Host has them.
    pub(super) host: String,
    /// Where the connection leads.
    pub(super) authority: Authority,
    /// Path and query.
    pub(super) target: String,
    /// The port that is connected to.
    pub(super) port: u16,
    /// Whether that port is one for TLS.
    pub(super) tls_port: bool,
    /// Whether hubgate listens on that port itself.
    pub(super) listens: bool,
}

impl Called {
    /// Reads `http://HOST[:PORT]/PATH` or the same with https.
    pub(super) fn parse(url: &str, listen: &Listen) -> anyhow::Result<Self> {
        let odd = |why: &str| anyhow!("{url:?}: {why}");
        let (scheme, rest) = url.split_once("://").ok_or_else(|| odd(NO_URL))?;
        let tls = is_tls(scheme).ok_or_else(|| odd(NO_URL))?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = Authority::parse(host).ok_or_else(|| odd(NO_HOST))?;
        ensure!(target.bytes().all(|it| it.is_ascii_graphic()), odd(ENCODE));
        if tls && listen.https.is_empty() {
            bail!("{url:?}: nobody answers: listen.https is [] in proxy.yaml");
        }
        let port = authority.port.unwrap_or(if tls { 443 } else { 80 });
        let has = |list: &[std::net::SocketAddr]| list.iter().any(|it| it.port() == port);
        let (http, https) = (has(&listen.http), has(&listen.https));
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            url: url.to_owned(),
            tls,
            host: host.to_owned(),
            target: format!("{slash}{target}"),
            authority,
            port,
            tls_port: tls || (https && !http),
            listens: if tls { https } else { http || https },
        })
    }

    /// The name asked for in the handshake (RFC 6066, section 3): none for an address.
    pub(super) fn server_name(&self) -> Option<Host> {
        let host = &self.authority.host;
        matches!(host, Host::Name(_)).then(|| host.clone())
    }
}

fn is_tls(scheme: &str) -> Option<bool> {
    let is = |name| scheme.eq_ignore_ascii_case(name);
    (is("http") || is("https")).then(|| is("https"))
}

const NO_URL: &str = "an address is needed, such as https://home.example.org/";
const NO_HOST: &str = "no host and port between // and the path: write https://HOST[:PORT]/PATH; \
    a user is given by --user";
const ENCODE: &str = "the path holds a character that has to be percent-encoded";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Called> {
        let listen = Listen {
            http: vec!["[::]:80".parse().unwrap()],
            https: vec!["[::]:443".parse().unwrap(), "[::]:8443".parse().unwrap()],
        };
        Called::parse(url, &listen)
    }

    #[test]
    fn an_address_is_split_as_a_browser_splits_it() {
        let called = parse("https://Home.test?x=/y#part").unwrap();
        assert_eq!((called.target.as_str(), called.port), ("/?x=/y", 443));
        assert_eq!(called.server_name(), Some(Host::Name("home.test".into())));
        assert!(called.tls && called.listens);
        let called = parse("http://[::1]:8443/a").unwrap();
        assert!(called.tls_port && !called.tls && called.listens);
        assert_eq!(called.server_name(), None);
        assert!(!parse("http://home.test:81/").unwrap().listens);
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_cure() {
        for (url, cure) in [
            ("home.test", "https://home.example.org/"),
            ("ftp://home.test/", "https://home.example.org/"),
            ("https://anna@home.test/", "--user"),
            ("https:///path", "HOST"),
            ("https://home.test/a b", "percent-encoded"),
            ("https://home.test/a\r\nX: y", "percent-encoded"),
        ] {
            let told = parse(url).unwrap_err().to_string();
            assert!(told.contains(cure), "{told}");
        }
        let told = Called::parse("https://home.test/", &Listen::default());
        assert!(told.unwrap_err().to_string().contains("listen.https"));
    }
}

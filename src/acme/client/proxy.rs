//! The HTTP proxy of the environment, `HTTPS_PROXY` and `NO_PROXY`, and how it is passed
//! (CONNECT, RFC 9110, 9.3.6).

use std::{env, net::IpAddr};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::origin::{self, Origin};
use crate::acme::problem::{Class, Problem};

/// The longest answer of a proxy, in bytes.
const HEAD: usize = 8 << 10;

/// Which servers are reached through a proxy.
#[derive(Default)]
pub(super) struct Proxy {
    gateway: Option<Gateway>,
    direct: Vec<String>,
}

/// An HTTP proxy that takes CONNECT.
pub(super) struct Gateway {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`: a secret.
    authorization: Option<String>,
}

impl Proxy {
    /// The proxy `HTTPS_PROXY` names; lower case wins, as with curl.
    pub(super) fn from_environment() -> anyhow::Result<Self> {
        let read = |lower: &str, upper: &str| env::var(lower).or_else(|_| env::var(upper));
        Self::parse(
            &read("https_proxy", "HTTPS_PROXY").unwrap_or_default(),
            &read("no_proxy", "NO_PROXY").unwrap_or_default(),
        )
    }

    /// Reads the two variables; empty is as good as missing.
    pub(super) fn parse(proxy: &str, direct: &str) -> anyhow::Result<Self> {
        let proxy = proxy.trim();
        let gateway = (!proxy.is_empty()).then(|| Gateway::parse(proxy));
        let direct = direct.split([',', ' ']).filter(|entry| !entry.is_empty());
        Ok(Self {
            gateway: gateway.transpose().context("HTTPS_PROXY")?,
            direct: direct.map(str::to_ascii_lowercase).collect(),
        })
    }

    /// The proxy a server is reached through; this machine is always reached directly.
    pub(super) fn for_origin(&self, origin: &Origin) -> Option<&Gateway> {
        let is_direct = || self.direct.iter().any(|entry| covers(entry, &origin.host));
        let gateway = self.gateway.as_ref()?;
        (!origin.is_this_machine() && !is_direct()).then_some(gateway)
    }
}

/// Whether an entry of `NO_PROXY` covers a host: `*`, a domain with what is below it, an address
/// or a network.
fn covers(entry: &str, host: &str) -> bool {
    if entry == "*" || entry == host {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return entry
            .parse::<IpNet>()
            .is_ok_and(|network| network.contains(&address));
    }
    let domain = entry.trim_start_matches("*.").trim_start_matches('.');
    let above = host.strip_suffix(domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

impl Gateway {
    // The text may hold a password, so no error repeats it.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if scheme != "http" {
            bail!("a proxy by {scheme}:// cannot be used; write http://HOST:PORT");
        }
        let rest = rest.split('/').next().unwrap_or(rest);
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        let address: Uri = address.parse().context("write http://HOST:PORT")?;
        let host = address.host().context("write http://HOST:PORT")?;
        Ok(Self {
            host: origin::bare(host).to_owned(),
            port: address.port_u16().unwrap_or(80),
            authorization: user.map(basic),
        })
    }

    /// Has the proxy connect the stream to the server.
    pub(super) async fn pass(
        &self,
        mut stream: TcpStream,
        origin: &Origin,
    ) -> Result<TcpStream, Problem> {
        let request = self.request(&origin.target());
        let fail = |what: &dyn std::fmt::Display| {
            let proxy = &self.host;
            Problem::new(
                Class::Network,
                format!("the proxy {proxy} of HTTPS_PROXY does not lead to {origin}: {what}"),
            )
        };
        let sent = stream.write_all(request.as_bytes()).await;
        sent.map_err(|fault| fail(&fault))?;
        let head = head(&mut stream).await.map_err(|fault| fail(&fault))?;
        match status(&head) {
            Some(200..=299) => Ok(stream),
            Some(status) => Err(fail(&format!("it answered {status}"))),
            None => Err(fail(&"it does not speak HTTP")),
        }
    }

    fn request(&self, target: &str) -> String {
        let authorization = self
            .authorization
            .as_deref()
            .map_or_else(String::new, |it| format!("Proxy-Authorization: {it}\r\n"));
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n")
    }
}

fn basic(user: &str) -> String {
    let user: Vec<u8> = percent_decode_str(user).collect();
    format!("Basic {}", STANDARD.encode(user))
}

/// Reads up to the empty line and not a byte of what follows it.
async fn head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(head).ok()?.is_complete().then_some(())?;
    response.code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&url.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_proxy_is_read_with_its_password() {
        let proxy = Proxy::parse("http://user:p%40ss@proxy.example:3128/", "").unwrap();
        let gateway = proxy.for_origin(&origin("https://ca.example/")).unwrap();
        assert_eq!((&*gateway.host, gateway.port), ("proxy.example", 3128));
        let request = gateway.request("ca.example:443");
        assert!(
            request.contains("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n"),
            "{request}"
        );
    }

    #[test]
    fn a_proxy_of_another_kind_is_refused_without_its_password() {
        let fault = Proxy::parse("socks5://user:secret@proxy:1080", "").err();
        let told = format!("{:#}", fault.unwrap());
        assert!(told.contains("HTTPS_PROXY: a proxy by socks5://"), "{told}");
        assert!(!told.contains("secret"));
    }

    #[test]
    fn no_proxy_takes_domains_addresses_and_networks() {
        let direct = "example.org, .corp,10.0.0.0/8,fd00::5";
        let proxy = Proxy::parse("proxy:3128", direct).unwrap();
        for url in [
            "https://example.org/",
            "https://ca.example.org/",
            "https://ca.corp/",
            "https://10.1.2.3/",
            "https://[fd00::5]/",
            "https://127.0.0.1/",
            "http://localhost/",
        ] {
            assert!(proxy.for_origin(&origin(url)).is_none(), "{url}");
        }
        for url in ["https://notexample.org/", "https://11.1.2.3/"] {
            assert!(proxy.for_origin(&origin(url)).is_some(), "{url}");
        }
        let none = Proxy::parse("proxy:3128", "*").unwrap();
        assert!(none.for_origin(&origin("https://ca.example/")).is_none());
    }
}

//! The HTTP proxy of the environment: `HTTPS_PROXY` and `NO_PROXY`.

mod gateway;

use std::{env, net::IpAddr};

use anyhow::Context;
use ipnet::IpNet;

use self::gateway::Gateway;
use super::origin::Origin;

/// Which servers are reached through a proxy.
#[derive(Default)]
pub(super) struct Proxy {
    gateway: Option<Gateway>,
    direct: Vec<String>,
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

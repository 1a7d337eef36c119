//! The HTTP proxy of the environment: `HTTPS_PROXY` and `NO_PROXY`.

mod gateway;

use std::{env, net::IpAddr};

use anyhow::Context;
use ipnet::IpNet;

use self::gateway::Gateway;
use super::origin::Origin;

/// The proxy of the environment, with the servers that are exempt from it.
#[derive(Default)]
pub(super) struct Proxy {
    gateway: Option<Gateway>,
    exemptions: Vec<Exemption>,
}

impl Proxy {
    /// Reads `HTTPS_PROXY` and `NO_PROXY`; the lower-case names take precedence, as in curl.
    pub(super) fn from_environment() -> anyhow::Result<Self> {
        let read = |lower: &str, upper: &str| env::var(lower).or_else(|_| env::var(upper));
        Self::parse(
            &read("https_proxy", "HTTPS_PROXY").unwrap_or_default(),
            &read("no_proxy", "NO_PROXY").unwrap_or_default(),
        )
    }

    /// Parses the values of the two variables; an empty value counts as missing.
    pub(super) fn parse(proxy: &str, no_proxy: &str) -> anyhow::Result<Self> {
        let proxy = proxy.trim();
        let gateway = (!proxy.is_empty()).then(|| Gateway::parse(proxy));
        let entries = no_proxy.split([',', ' ']).filter(|entry| !entry.is_empty());
        Ok(Self {
            gateway: gateway.transpose().context("HTTPS_PROXY")?,
            exemptions: entries.map(Exemption::new).collect(),
        })
    }

    /// Returns the proxy for a server; none for exempt servers and this machine.
    pub(super) fn for_origin(&self, origin: &Origin) -> Option<&Gateway> {
        let is_exempt = || {
            self.exemptions
                .iter()
                .any(|exemption| exemption.covers(&origin.host))
        };
        let gateway = self.gateway.as_ref()?;
        (!origin.is_this_machine() && !is_exempt()).then_some(gateway)
    }
}

/// An entry of `NO_PROXY` in lower case: `*`, a domain with its subdomains, an address or a
/// network.
struct Exemption(String);

impl Exemption {
    fn new(entry: &str) -> Self {
        Self(entry.to_ascii_lowercase())
    }

    fn covers(&self, host: &str) -> bool {
        let Self(entry) = self;
        if entry == "*" || entry == host {
            return true;
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return entry
                .parse::<IpNet>()
                .is_ok_and(|network| network.contains(&address));
        }
        let domain = entry.trim_start_matches("*.").trim_start_matches('.');
        let subdomain = host.strip_suffix(domain);
        subdomain.is_some_and(|subdomain| subdomain.is_empty() || subdomain.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::parse(&url.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_proxy_is_parsed_with_its_password() {
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
    fn the_error_for_another_scheme_omits_the_password() {
        let fault = Proxy::parse("socks5://user:secret@proxy:1080", "").err();
        let text = format!("{:#}", fault.unwrap());
        assert!(text.contains("HTTPS_PROXY: a proxy by socks5://"), "{text}");
        assert!(!text.contains("secret"));
    }

    #[test]
    fn no_proxy_accepts_domains_addresses_and_networks() {
        let no_proxy = "example.org, .corp,10.0.0.0/8,fd00::5";
        let proxy = Proxy::parse("proxy:3128", no_proxy).unwrap();
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

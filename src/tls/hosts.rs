//! The hosts a certificate names (RFC 6125), in the configuration's own type.

use std::net::IpAddr;

use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use crate::config::model::Host;

/// The subject alternative names of a certificate; its common name does not count (RFC 9525).
pub(super) fn named_by(certificate: &X509Certificate<'_>) -> Vec<Host> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    names.value.general_names.iter().filter_map(host).collect()
}

/// Whether a certificate that names `names` is right for `host`.
pub(super) fn covers(names: &[Host], host: &Host) -> bool {
    names.contains(host) || names.iter().any(|name| wildcard_covers(name, host))
}

/// The host as it is written in `proxy.yaml` and in a certificate.
pub(super) fn text(host: &Host) -> String {
    match host {
        Host::Name(name) => name.clone(),
        Host::Wildcard(parent) => format!("*.{parent}"),
        Host::Address(address) => address.to_string(),
    }
}

/// Hosts as a list in a sentence.
pub(super) fn list<'a>(hosts: impl IntoIterator<Item = &'a Host>) -> String {
    let hosts: Vec<_> = hosts.into_iter().map(text).collect();
    hosts.join(", ")
}

fn host(name: &GeneralName<'_>) -> Option<Host> {
    match name {
        GeneralName::DNSName(name) => Some(dns_name(&name.to_ascii_lowercase())),
        GeneralName::IPAddress(bytes) => address(bytes).map(Host::Address),
        _ => None,
    }
}

fn dns_name(name: &str) -> Host {
    match name.strip_prefix("*.") {
        Some(parent) => Host::Wildcard(parent.to_owned()),
        None => Host::Name(name.to_owned()),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(four.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

fn wildcard_covers(wildcard: &Host, host: &Host) -> bool {
    let (Host::Wildcard(parent), Host::Name(name)) = (wildcard, host) else {
        return false;
    };
    name.split_once('.')
        .is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard_covers_exactly_one_label() {
        let names = [Host::Wildcard("example.org".into())];
        let name = |name: &str| Host::Name(name.into());
        assert!(covers(&names, &name("home.example.org")));
        assert!(covers(&names, &Host::Wildcard("example.org".into())));
        assert!(!covers(&names, &name("example.org")));
        assert!(!covers(&names, &name("a.home.example.org")));
        assert!(!covers(&names, &Host::Wildcard("home.example.org".into())));
    }
}

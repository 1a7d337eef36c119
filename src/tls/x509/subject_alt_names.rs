//! Host names in certificates (RFC 9525), as the configuration's [`Host`].

use std::net::IpAddr;

use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use crate::config::model::Host;

/// Returns the DNS names and IP addresses among a certificate's subject alternative names.
///
/// The common name does not count (RFC 9525).
pub(crate) fn subject_alt_names(certificate: &X509Certificate<'_>) -> Vec<Host> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    names.value.general_names.iter().filter_map(host).collect()
}

/// Reports whether one of the names matches a host; a wildcard matches exactly one label.
pub(crate) fn match_host(names: &[Host], host: &Host) -> bool {
    names.contains(host) || names.iter().any(|name| wildcard_matches(name, host))
}

/// Reads the octets of an iPAddress name (RFC 5280, section 4.2.1.6).
pub(crate) fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(ipv4) = <[u8; 4]>::try_from(octets) {
        return Some(ipv4.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

fn host(name: &GeneralName<'_>) -> Option<Host> {
    match name {
        GeneralName::DNSName(name) => {
            let name = name.to_ascii_lowercase();
            Some(match name.strip_prefix("*.") {
                Some(parent) => Host::Wildcard(parent.to_owned()),
                None => Host::Name(name),
            })
        }
        GeneralName::IPAddress(octets) => ip_address(octets).map(Host::Address),
        _ => None,
    }
}

fn wildcard_matches(wildcard: &Host, host: &Host) -> bool {
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
    fn wildcard_matches_exactly_one_label() {
        let names = [Host::Wildcard("example.org".into())];
        let name = |name: &str| Host::Name(name.into());
        assert!(match_host(&names, &name("home.example.org")));
        assert!(match_host(&names, &Host::Wildcard("example.org".into())));
        assert!(!match_host(&names, &name("example.org")));
        assert!(!match_host(&names, &name("a.home.example.org")));
        assert!(!match_host(
            &names,
            &Host::Wildcard("home.example.org".into())
        ));
    }
}

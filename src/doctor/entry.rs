//! Who may enter, in a sentence.

use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::config::{
    LAN,
    model::{
        Access, ClientAuthority, ClientCertificate, ClientHeaders, Networks, Origin, Satisfy, Site,
    },
};

/// From where one enters, and with what.
pub(crate) fn told(access: &Access) -> String {
    let how = match &access.networks {
        Some(networks) if is_everywhere(networks) => from_everywhere(access),
        Some(networks) => from_networks(&names(networks), access),
        None if access.is_open() => "everybody, without a question".into(),
        None => format!("from everywhere with {}", proofs(access)),
    };
    match access.client_headers {
        ClientHeaders::Off => how,
        ClientHeaders::XSslClient => {
            format!("{how}; the hub is told who, in X-SSL-Client-* headers")
        }
        ClientHeaders::ClientCert => {
            format!("{how}; the hub is told who, in the Client-Cert header")
        }
    }
}

/// The further origins whose pages count as own; none where none is listed.
pub(crate) fn origins(origins: &[Origin]) -> Option<String> {
    let listed: Vec<_> = origins.iter().map(Origin::as_str).collect();
    let pages = format!("pages of {} act here as its own do", listed.join(" and "));
    (!listed.is_empty()).then_some(pages)
}

/// How long a login is remembered.
pub(crate) fn remembered(lifetime: Duration) -> String {
    let seconds = lifetime.as_secs();
    let units = [(86400, "days"), (3600, "hours"), (60, "minutes")];
    let whole = units
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "seconds"));
    let count = seconds / unit;
    let name = if count == 1 {
        name.trim_end_matches('s')
    } else {
        name
    };
    format!("remembered for {count} {name}, and longer while it is used")
}

/// Which certificates of CAs of others are taken; none where no rule takes any.
pub(crate) fn usages(site: &Site) -> Option<&'static str> {
    let certificates = site
        .rules()
        .filter_map(|rule| rule.client_certificate.as_ref());
    let foreign: Vec<_> = certificates
        .filter(|it| it.ca != ClientAuthority::Own)
        .collect();
    match foreign.iter().any(|it| !it.any_use) {
        _ if foreign.is_empty() => None,
        true => Some(
            "need the extended key usage clientAuth; `any_use: true` takes those without any too",
        ),
        false => Some("are taken without any extended key usage too, and of X.509 version 1"),
    }
}

fn is_everywhere(networks: &Networks) -> bool {
    let all = [Ipv4Net::default().into(), Ipv6Net::default().into()];
    all.iter().all(|network| networks.0.contains(network))
}

/// A network that every client is in asks for nothing, unless all factors are needed.
fn from_everywhere(access: &Access) -> String {
    let proofs = proofs(access);
    match access.satisfy {
        Satisfy::All if !proofs.is_empty() => format!("from everywhere with {proofs}"),
        _ => "everybody, without a question".into(),
    }
}

fn from_networks(networks: &str, access: &Access) -> String {
    let proofs = proofs(access);
    match access.satisfy {
        _ if proofs.is_empty() => {
            format!("from {networks} without a question; from elsewhere nobody")
        }
        Satisfy::Any => {
            format!("from {networks} without a question; from elsewhere with {proofs}")
        }
        Satisfy::All => format!("from {networks} with {proofs}; from elsewhere nobody"),
    }
}

/// What one has to show: `a password or a client certificate of phones.pem`.
fn proofs(access: &Access) -> String {
    let password = access.password.as_ref().map(|_| "a password".to_owned());
    let certificate = access.client_certificate.as_ref().map(certificate);
    let proofs: Vec<_> = password.into_iter().chain(certificate).collect();
    proofs.join(match access.satisfy {
        Satisfy::Any => " or ",
        Satisfy::All => " and ",
    })
}

fn certificate(certificate: &ClientCertificate) -> String {
    let ca = match &certificate.ca {
        ClientAuthority::Own => "hubgate's own CA".to_owned(),
        files @ ClientAuthority::Files { .. } => files.to_string(),
    };
    match certificate.allow.as_slice() {
        [] => format!("a client certificate of {ca}"),
        names => format!("a client certificate of {ca} named {}", names.join(" or ")),
    }
}

/// The networks as an operator thinks of them: `your networks and 203.0.113.0/24`.
fn names(networks: &Networks) -> String {
    let home = LAN.iter().all(|network| networks.0.contains(network));
    let others = networks
        .0
        .iter()
        .filter(|network| !home || !LAN.contains(network));
    let mut names: Vec<_> = others.map(ToString::to_string).collect();
    if home {
        names.insert(0, "your networks".into());
    }
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    #[test]
    fn every_kind_of_access_is_a_sentence() {
        for (access, expected) in SENTENCES {
            let text = format!("sites: [{{hosts: [a], upstream: 'http://h:1', access: {access}}}]");
            let config = config::parse(&text, Path::new("proxy.yaml")).unwrap();
            assert_eq!(told(&config.sites[0].access), *expected);
        }
    }

    #[test]
    fn the_time_of_a_login_is_told_in_its_own_unit() {
        for (seconds, expected) in [
            (86400, "1 day,"),
            (5400, "90 minutes,"),
            (301, "301 seconds,"),
        ] {
            let told = remembered(Duration::from_secs(seconds));
            assert!(told.contains(expected), "{told}");
        }
    }

    const SENTENCES: &[(&str, &str)] = &[
        ("public", "everybody, without a question"),
        ("{password: users}", "from everywhere with a password"),
        (
            "{password: users, client_certificate: ca.pem}",
            "from everywhere with a password or a client certificate of ca.pem",
        ),
        (
            "{satisfy: all, password: users, client_certificate: {ca: ca.pem, allow: [Anna, Ben]}}",
            "from everywhere with a password and a client certificate of ca.pem named Anna or Ben",
        ),
        (
            "{networks: [lan]}",
            "from your networks without a question; from elsewhere nobody",
        ),
        (
            "{satisfy: all, networks: [lan]}",
            "from your networks without a question; from elsewhere nobody",
        ),
        (
            "{networks: [lan, 203.0.113.0/24], password: users}",
            "from your networks and 203.0.113.0/24 without a question; from elsewhere with a password",
        ),
        (
            "{satisfy: all, networks: [10.0.0.0/8], client_certificate: ca.pem, client_headers: client-cert}",
            "from 10.0.0.0/8 with a client certificate of ca.pem; from elsewhere nobody; \
             the hub is told who, in the Client-Cert header",
        ),
    ];
}

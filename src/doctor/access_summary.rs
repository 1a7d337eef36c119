//! Access rules in sentences.

use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::config::{
    LAN,
    model::{
        Access, ClientCaSource, ClientCertificate, ClientHeaders, Networks, Origin, Satisfy, Site,
    },
};

/// Describes an access rule: the networks and the factors.
pub(crate) fn summary(access: &Access) -> String {
    let rule = AccessRule(access).sentence();
    match access.client_headers {
        ClientHeaders::Off => rule,
        ClientHeaders::XSslClient => {
            format!("{rule}; the hub receives the certificate's data in X-SSL-Client-* headers")
        }
        ClientHeaders::ClientCert => {
            format!("{rule}; the hub receives the certificate in the Client-Cert header")
        }
    }
}

/// Describes the additional origins with the rights of the site's own pages; none without any.
pub(crate) fn origins(origins: &[Origin]) -> Option<String> {
    let listed: Vec<_> = origins.iter().map(Origin::as_str).collect();
    let pages = format!(
        "pages of {} have the rights of its own pages here",
        listed.join(" and ")
    );
    (!listed.is_empty()).then_some(pages)
}

/// Describes the lifetime of a session.
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

/// Describes the accepted usages of certificates from other CAs; none where no rule accepts any.
pub(crate) fn usages(site: &Site) -> Option<&'static str> {
    let certificates = site
        .rules()
        .filter_map(|rule| rule.client_certificate.as_ref());
    let foreign: Vec<_> = certificates
        .filter(|certificate| certificate.ca != ClientCaSource::Own)
        .collect();
    match foreign.iter().any(|certificate| !certificate.any_use) {
        _ if foreign.is_empty() => None,
        true => Some(
            "need the extended key usage clientAuth; `any_use: true` accepts those without any too",
        ),
        false => Some("are accepted without any extended key usage too, and of X.509 version 1"),
    }
}

/// The networks and factors of an access rule.
struct AccessRule<'a>(&'a Access);

impl AccessRule<'_> {
    fn sentence(&self) -> String {
        match &self.0.networks {
            Some(networks) if networks.has_all() => self.with_all_networks(),
            Some(networks) => self.with_networks(&networks.names()),
            None if self.0.admits_everyone() => OPEN.into(),
            None => format!("from everywhere with {}", self.factors()),
        }
    }

    /// Describes a rule with all networks, which counts only where all factors are required.
    fn with_all_networks(&self) -> String {
        let factors = self.factors();
        match self.0.satisfy {
            Satisfy::All if !factors.is_empty() => format!("from everywhere with {factors}"),
            _ => OPEN.into(),
        }
    }

    fn with_networks(&self, networks: &str) -> String {
        let factors = self.factors();
        match self.0.satisfy {
            _ if factors.is_empty() => {
                format!("from {networks} without authentication; no access from elsewhere")
            }
            Satisfy::Any => {
                format!("from {networks} without authentication; from elsewhere with {factors}")
            }
            Satisfy::All => format!("from {networks} with {factors}; no access from elsewhere"),
        }
    }

    /// Lists the factors except the network, such as `a password`.
    fn factors(&self) -> String {
        let password = self.0.password.as_ref().map(|_| "a password".to_owned());
        let certificate = self.0.client_certificate.as_ref().map(certificate);
        let factors: Vec<_> = password.into_iter().chain(certificate).collect();
        factors.join(match self.0.satisfy {
            Satisfy::Any => " or ",
            Satisfy::All => " and ",
        })
    }
}

const OPEN: &str = "all clients, without authentication";

fn certificate(certificate: &ClientCertificate) -> String {
    let ca = match &certificate.ca {
        ClientCaSource::Own => "hubgate's own CA".to_owned(),
        files @ ClientCaSource::Files { .. } => files.to_string(),
    };
    match certificate.allow.as_slice() {
        [] => format!("a client certificate of {ca}"),
        names => format!("a client certificate of {ca} named {}", names.join(" or ")),
    }
}

impl Networks {
    fn has_all(&self) -> bool {
        let all = [Ipv4Net::default().into(), Ipv6Net::default().into()];
        all.iter().all(|network| self.0.contains(network))
    }

    /// Lists the networks, with one name for the home networks: `your networks and 203.0.113.0/24`.
    fn names(&self) -> String {
        let has_home = LAN.iter().all(|network| self.0.contains(network));
        let networks = self.0.iter();
        let others = networks.filter(|network| !has_home || !LAN.contains(network));
        let others = others.map(ToString::to_string);
        let home = has_home.then(|| "your networks".to_owned());
        let names: Vec<_> = home.into_iter().chain(others).collect();
        names.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    #[test]
    fn every_access_rule_has_a_sentence() {
        for (access, expected) in SENTENCES {
            let text = format!("sites: [{{hosts: [a], upstream: 'http://h:1', access: {access}}}]");
            let config = config::parse(&text, Path::new("proxy.yaml")).unwrap();
            assert_eq!(summary(&config.sites[0].access), *expected);
        }
    }

    #[test]
    fn the_lifetime_of_a_session_has_the_largest_exact_unit() {
        for (seconds, expected) in [
            (86400, "1 day,"),
            (5400, "90 minutes,"),
            (301, "301 seconds,"),
        ] {
            let text = remembered(Duration::from_secs(seconds));
            assert!(text.contains(expected), "{text}");
        }
    }

    const SENTENCES: &[(&str, &str)] = &[
        ("public", "all clients, without authentication"),
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
            "from your networks without authentication; no access from elsewhere",
        ),
        (
            "{satisfy: all, networks: [lan]}",
            "from your networks without authentication; no access from elsewhere",
        ),
        (
            "{networks: [lan, 203.0.113.0/24], password: users}",
            "from your networks and 203.0.113.0/24 without authentication; from elsewhere with a password",
        ),
        (
            "{satisfy: all, networks: [10.0.0.0/8], client_certificate: ca.pem, client_headers: client-cert}",
            "from 10.0.0.0/8 with a client certificate of ca.pem; no access from elsewhere; \
             the hub receives the certificate in the Client-Cert header",
        ),
    ];
}

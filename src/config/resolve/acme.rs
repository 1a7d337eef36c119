//! `acme`: which CA, as whom, by which proof.

use std::net::{IpAddr, SocketAddr};

use super::{
    Resolver,
    directory::{self, ZEROSSL},
};
use crate::config::{
    file::{self, Provider},
    model::{Acme, Authority, Certificate, ChallengeKind, Dns, DnsProvider, Eab, Export, Host},
    tree::Place,
};

impl Resolver<'_> {
    pub(super) fn acme(&mut self, place: &Place<'_>, written: &file::Acme) -> Option<Acme> {
        let first = (&written.directory, &written.root, &written.eab);
        let authority = self.authority(place, first);
        let at = place.key("fallback");
        let fallback = self.optional(&at, written.fallback.as_ref(), |this, at, other| {
            this.authority(at, (&other.directory, &other.root, &other.eab))
        });
        let at = place.key("dns");
        let dns = self.optional(&at, written.dns.as_ref(), Self::dns);
        let challenges = self.challenges(place, written);
        let at = place.key("email");
        let email = self.optional(&at, written.email.as_deref(), |this, at, text| {
            this.keep(at, email(text))
        });
        let at = place.key("export");
        let export = self.optional(&at, written.export.as_ref(), Self::export);
        let lineages = self.file(&place.key("lineages"), &written.lineages);
        Some(Acme {
            authority: authority?,
            fallback: fallback?,
            email: email?,
            challenges: challenges?,
            dns: dns?,
            profile: written.profile.clone(),
            lineages: lineages?,
            export: export?,
        })
    }

    /// A site that gets its certificate by ACME.
    pub(super) fn acme_certificate(&mut self, place: &Place<'_>) -> Option<Certificate> {
        if !self.tls {
            self.warn(
                place,
                "no certificate is got: `listen.https` has no address",
            );
            return Some(Certificate::SelfSigned);
        }
        Some(Certificate::Acme)
    }

    /// Notes each host of a site for which the CA would refuse every order.
    pub(super) fn obtainable(&mut self, place: &Place<'_>, hosts: &[Host]) {
        for (nth, host) in hosts.iter().enumerate() {
            if let Some(message) = self.acme.refuses(host) {
                self.fault::<()>(&place.item(nth), message);
            }
        }
    }

    fn authority(
        &mut self,
        place: &Place<'_>,
        (directory, root, eab): (&String, &Option<String>, &Option<file::Eab>),
    ) -> Option<Authority> {
        let url = self.keep(&place.key("directory"), directory::parse(directory));
        let root = self.optional(&place.key("root"), root.as_deref(), Self::file);
        let eab = self.optional(&place.key("eab"), eab.as_ref(), Self::eab)?;
        if directory == ZEROSSL && eab.is_none() {
            return self.fault(
                &place.key("directory"),
                "zerossl needs `eab`: make a key under \"EAB Credentials\" on its page for developers",
            );
        }
        Some(Authority {
            directory: url?,
            root: root?,
            eab,
        })
    }

    fn eab(&mut self, place: &Place<'_>, written: &file::Eab) -> Option<Eab> {
        if written.key_id.is_empty() {
            return self.fault(
                &place.key("key_id"),
                "no key: write the name that the CA tells",
            );
        }
        Some(Eab {
            key_id: written.key_id.clone(),
            hmac_key: self.file(&place.key("hmac_key"), &written.hmac_key)?,
        })
    }

    fn challenges(
        &mut self,
        place: &Place<'_>,
        written: &file::Acme,
    ) -> Option<Vec<ChallengeKind>> {
        let at = place.key("challenges");
        if written.challenges.is_empty() {
            return self.lacking(&at, "no kind of proof: name one, such as http-01");
        }
        let kinds = self.acme.challenges.clone();
        if kinds.is_empty() {
            return self.fault(
                &at,
                "http-01 needs an address in `listen.http`: give it one, or name another proof",
            );
        }
        match (kinds.contains(&ChallengeKind::Dns01), &written.dns) {
            (true, None) => self.lacking(&at, "dns-01 needs `acme.dns`: say who keeps the zone"),
            (false, Some(_)) => self.fault(
                &place.key("dns"),
                "this is not used: add dns-01 to `acme.challenges`, or remove it",
            ),
            _ => Some(kinds),
        }
    }

    fn dns(&mut self, place: &Place<'_>, written: &file::Dns) -> Option<Dns> {
        let provider = self.provider(place, written);
        let unused = self.unused_keys(place, written);
        let at = place.key("resolver");
        let resolver = self.optional(&at, written.resolver.as_deref(), Self::server);
        Some(Dns {
            provider: provider.filter(|_| !unused)?,
            resolver: resolver?,
        })
    }

    fn provider(&mut self, place: &Place<'_>, written: &file::Dns) -> Option<DnsProvider> {
        let needed = |this: &mut Self, key, value: &Option<String>| match value {
            Some(path) => this.file(&place.key(key), path),
            None => this.lacking(
                place,
                &format!("the key \"{key}\" is missing for this provider"),
            ),
        };
        match written.provider {
            Provider::Exec => needed(self, "program", &written.program).map(DnsProvider::Exec),
            Provider::Cloudflare => {
                needed(self, "token", &written.token).map(DnsProvider::Cloudflare)
            }
            Provider::Desec => needed(self, "token", &written.token).map(DnsProvider::Desec),
            Provider::Duckdns => needed(self, "token", &written.token).map(DnsProvider::Duckdns),
            Provider::Rfc2136 => {
                let key = needed(self, "key", &written.key);
                let server = match &written.server {
                    Some(text) => self.server(&place.key("server"), text),
                    None => self.lacking(place, "the key \"server\" is missing for this provider"),
                };
                Some(DnsProvider::Rfc2136 {
                    server: server?,
                    key: key?,
                })
            }
        }
    }

    /// Notes keys of other providers; says whether there are any.
    fn unused_keys(&mut self, place: &Place<'_>, written: &file::Dns) -> bool {
        let used: &[&str] = match written.provider {
            Provider::Exec => &["program"],
            Provider::Rfc2136 => &["server", "key"],
            Provider::Cloudflare | Provider::Desec | Provider::Duckdns => &["token"],
        };
        let keys = [
            ("program", &written.program),
            ("token", &written.token),
            ("server", &written.server),
            ("key", &written.key),
        ];
        let unused = keys
            .iter()
            .filter(|(key, value)| value.is_some() && !used.contains(key));
        let unused: Vec<_> = unused.map(|(key, _)| *key).collect();
        for key in &unused {
            let message = format!("this provider has no {key}: remove it");
            self.fault::<()>(&place.key(key), message);
        }
        !unused.is_empty()
    }

    fn server(&mut self, place: &Place<'_>, text: &str) -> Option<SocketAddr> {
        let address = text.parse().or_else(|_| {
            text.parse::<IpAddr>()
                .map(|address| (address, DNS_PORT).into())
        });
        let cure = || format!("\"{text}\" is no address: write one such as 192.0.2.53:53");
        self.keep(place, address.map_err(|_| cure()))
    }

    fn export(&mut self, place: &Place<'_>, written: &file::Export) -> Option<Export> {
        let folder = self.file(&place.key("folder"), &written.folder);
        let run = self.optional(&place.key("run"), written.run.as_deref(), Self::file);
        Some(Export {
            folder: folder?,
            run: run?,
        })
    }
}

/// Checks a contact address of an account.
///
/// # Errors
/// Cause and cure, where `acme.email` may not name it.
pub fn check_email(text: &str) -> Result<(), String> {
    email(text).map(drop)
}

fn email(text: &str) -> Result<String, String> {
    let fits = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    match text.split_once('@') {
        Some((user, host)) if fits(user) && fits(host) && !host.contains('@') => Ok(text.into()),
        _ => Err(format!(
            "\"{text}\" is no address: write one such as me@example.org"
        )),
    }
}

const DNS_PORT: u16 = 53;

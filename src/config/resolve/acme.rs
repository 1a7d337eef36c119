//! `acme`: CA, account, challenges and DNS provider.

use std::net::{IpAddr, SocketAddr};

use super::{
    Resolved, Resolver, collect_all,
    directory::{self, ZEROSSL},
};
use crate::config::{
    file::{self, Provider},
    model::{Acme, Ca, Certificate, ChallengeKind, Dns, DnsProvider, Eab, Export, Host},
    tree::Location,
};

impl Resolver<'_> {
    pub(super) fn acme(&mut self, location: &Location<'_>, written: &file::Acme) -> Resolved<Acme> {
        let authority = self.authority(location, &CaKeys::primary(written));
        let key = location.key("fallback");
        let fallback = written.fallback.as_ref().map(CaKeys::fallback);
        let fallback = self.optional(&key, fallback.as_ref(), Self::authority);
        let dns = self.optional(&location.key("dns"), written.dns.as_ref(), Self::dns);
        let challenges = self.challenges(location, written);
        let email = self.optional(
            &location.key("email"),
            written.email.as_deref(),
            Self::email,
        );
        let export = written.export.as_ref();
        let export = self.optional(&location.key("export"), export, Self::export);
        let lineages = self.file(&location.key("lineages"), &written.lineages);
        Ok(Acme {
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

    /// Resolves `certificate: acme` of a site; without TLS, no certificate is requested.
    pub(super) fn acme_certificate(&mut self, location: &Location<'_>) -> Certificate {
        if self.tls {
            return Certificate::Acme;
        }
        self.warn(
            location,
            "no certificate is requested, since `listen.https` has no address: give it one",
        );
        Certificate::SelfSigned
    }

    /// Refuses each host of a site that the CA never certifies.
    pub(super) fn refuse_uncertifiable(&mut self, location: &Location<'_>, hosts: &[Host]) {
        for (nth, host) in hosts.iter().enumerate() {
            if let Some(message) = self.issuance.refusal(host) {
                self.record(&location.item(nth), message);
            }
        }
    }

    fn authority(&mut self, location: &Location<'_>, written: &CaKeys<'_>) -> Resolved<Ca> {
        let key = location.key("directory");
        let directory = self.checked(&key, directory::parse(written.directory));
        let root = self.optional(&location.key("root"), written.root, Self::file);
        let eab = self.optional(&location.key("eab"), written.eab, Self::eab)?;
        if written.directory == ZEROSSL && eab.is_none() {
            return self.fault(
                &key,
                "zerossl needs `eab`: make a key under \"EAB Credentials\" on its page for developers",
            );
        }
        Ok(Ca {
            directory: directory?,
            root: root?,
            eab,
        })
    }

    fn eab(&mut self, location: &Location<'_>, written: &file::Eab) -> Resolved<Eab> {
        if written.key_id.is_empty() {
            return self.fault(
                &location.key("key_id"),
                "the key ID is empty: write the one that the CA issued",
            );
        }
        Ok(Eab {
            key_id: written.key_id.clone(),
            hmac_key: self.file(&location.key("hmac_key"), &written.hmac_key)?,
        })
    }

    fn email(&mut self, location: &Location<'_>, written: &str) -> Resolved<String> {
        let email = check_email(written).map(|()| written.to_owned());
        self.checked(location, email)
    }

    fn challenges(
        &mut self,
        location: &Location<'_>,
        written: &file::Acme,
    ) -> Resolved<Vec<ChallengeKind>> {
        let key = location.key("challenges");
        if written.challenges.is_empty() {
            return self.missing(&key, "no challenge type: name one, such as http-01");
        }
        let kinds = self.issuance.challenges.clone();
        if kinds.is_empty() {
            return self.fault(
                &key,
                "http-01 needs an address in `listen.http`: give it one, or name another challenge type",
            );
        }
        match (kinds.contains(&ChallengeKind::Dns01), &written.dns) {
            (true, None) => self.missing(&key, "dns-01 needs `acme.dns`: name the DNS provider"),
            (false, Some(_)) => self.fault(
                &location.key("dns"),
                "this is not used: add dns-01 to `acme.challenges`, or remove it",
            ),
            _ => Ok(kinds),
        }
    }

    fn dns(&mut self, location: &Location<'_>, written: &file::Dns) -> Resolved<Dns> {
        let provider = self.provider(location, written);
        let only_used_keys = self.refuse_unused_dns_keys(location, written);
        let key = location.key("resolver");
        let resolver = self.optional(&key, written.resolver.as_deref(), Self::dns_server);
        only_used_keys?;
        Ok(Dns {
            provider: provider?,
            resolver: resolver?,
        })
    }

    fn provider(&mut self, location: &Location<'_>, written: &file::Dns) -> Resolved<DnsProvider> {
        let mut file = |key, value: &Option<String>| match value {
            Some(path) => self.file(&location.key(key), path),
            None => self.missing(location, &missing_key(key)),
        };
        match written.provider {
            Provider::Exec => file("program", &written.program).map(DnsProvider::Exec),
            Provider::Cloudflare => file("token", &written.token).map(DnsProvider::Cloudflare),
            Provider::Desec => file("token", &written.token).map(DnsProvider::Desec),
            Provider::Duckdns => file("token", &written.token).map(DnsProvider::Duckdns),
            Provider::Rfc2136 => {
                let key = file("key", &written.key);
                let server = match &written.server {
                    Some(text) => self.dns_server(&location.key("server"), text),
                    None => self.missing(location, &missing_key("server")),
                };
                Ok(DnsProvider::Rfc2136 {
                    server: server?,
                    key: key?,
                })
            }
        }
    }

    /// Refuses the keys of other providers.
    fn refuse_unused_dns_keys(
        &mut self,
        location: &Location<'_>,
        written: &file::Dns,
    ) -> Resolved<()> {
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
        let is_unused =
            |(key, value): &(&str, &Option<String>)| value.is_some() && !used.contains(key);
        let faults = keys.into_iter().filter(is_unused).map(|(key, _)| {
            let message = format!("this provider has no {key}: remove it");
            self.fault(&location.key(key), message)
        });
        collect_all(faults).map(|_: Vec<()>| ())
    }

    fn dns_server(&mut self, location: &Location<'_>, text: &str) -> Resolved<SocketAddr> {
        let address = text.parse().or_else(|_| {
            text.parse::<IpAddr>()
                .map(|address| (address, DNS_PORT).into())
        });
        let refusal = || format!("\"{text}\" is no address: write one such as 192.0.2.53:53");
        self.checked(location, address.map_err(|_| refusal()))
    }

    fn export(&mut self, location: &Location<'_>, written: &file::Export) -> Resolved<Export> {
        let folder = self.file(&location.key("folder"), &written.folder);
        let run = self.optional(&location.key("run"), written.run.as_deref(), Self::file);
        Ok(Export {
            folder: folder?,
            run: run?,
        })
    }
}

/// The keys of a CA, which `acme` and `acme.fallback` have in common.
struct CaKeys<'f> {
    directory: &'f str,
    root: Option<&'f str>,
    eab: Option<&'f file::Eab>,
}

impl<'f> CaKeys<'f> {
    fn primary(written: &'f file::Acme) -> Self {
        Self {
            directory: &written.directory,
            root: written.root.as_deref(),
            eab: written.eab.as_ref(),
        }
    }

    fn fallback(written: &'f file::Fallback) -> Self {
        Self {
            directory: &written.directory,
            root: written.root.as_deref(),
            eab: written.eab.as_ref(),
        }
    }
}

/// Checks the contact e-mail of an account.
///
/// # Errors
/// Cause and cure, if `acme.email` cannot be this text.
pub fn check_email(text: &str) -> Result<(), String> {
    let fits = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    match text.split_once('@') {
        Some((user, host)) if fits(user) && fits(host) && !host.contains('@') => Ok(()),
        _ => Err(format!(
            "\"{text}\" is no e-mail address: write one such as me@example.org"
        )),
    }
}

fn missing_key(key: &str) -> String {
    format!("the key \"{key}\" is missing for this provider: add it to this block")
}

const DNS_PORT: u16 = 53;

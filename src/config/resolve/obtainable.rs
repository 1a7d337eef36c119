//! Which hosts a CA can certify, by the proofs that may be given.

use super::{directory, host, network::LAN};
use crate::config::{
    file::{self, File},
    model::{ChallengeKind, Host},
};

/// What `acme` can get, as far as hosts depend on it.
pub(super) struct Obtainable {
    /// Whether the CA certifies public names and addresses only.
    public: bool,
    pub(super) challenges: Vec<ChallengeKind>,
}

impl Obtainable {
    pub(super) fn of(file: &File) -> Self {
        Self {
            public: directory::named(&file.acme.directory).is_some(),
            challenges: possible(file),
        }
    }

    fn by_dns(&self) -> bool {
        self.challenges.contains(&ChallengeKind::Dns01)
    }
}

impl Obtainable {
    /// Why the CA will never certify this host, with the cure.
    pub(super) fn refuses(&self, host: &Host) -> Option<String> {
        match host {
            Host::Wildcard(_) if !self.by_dns() => Some(format!(
                "a CA certifies {host} by dns-01 only: add it to `acme.challenges`, and `acme.dns`"
            )),
            Host::Address(_) if self.challenges == [ChallengeKind::Dns01] => Some(format!(
                "no CA certifies the address {host} by dns-01: add http-01 to `acme.challenges`"
            )),
            host if self.public && !is_public(host) => Some(format!(
                "no public CA certifies {host}: put it in a site of its own with `certificate: self-signed`"
            )),
            _ => None,
        }
    }
}

/// Whether a public CA can certify the host by http-01 or tls-alpn-01.
#[must_use]
pub fn is_certifiable(text: &str) -> bool {
    host::parse(text).is_ok_and(|host| !matches!(host, Host::Wildcard(_)) && is_public(&host))
}

/// The kinds that can be given, in the order in which they are tried, each once.
fn possible(file: &File) -> Vec<ChallengeKind> {
    let kinds = file.acme.challenges.iter().map(|kind| match kind {
        file::Challenge::Http01 => ChallengeKind::Http01,
        file::Challenge::TlsAlpn01 => ChallengeKind::TlsAlpn01,
        file::Challenge::Dns01 => ChallengeKind::Dns01,
    });
    let plain = !file.listen.http.is_empty();
    let kinds = kinds.filter(|kind| plain || *kind != ChallengeKind::Http01);
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Whether the host can be known to the whole Internet (RFC 6761, RFC 6762, RFC 8375).
fn is_public(host: &Host) -> bool {
    match host {
        Host::Address(address) => {
            !LAN.iter().any(|network| network.contains(address)) && !address.is_unspecified()
        }
        Host::Name(name) | Host::Wildcard(name) => {
            let last = name.rsplit('.').next().unwrap_or(name);
            name.contains('.') && !PRIVATE.contains(&last) && !name.ends_with(".home.arpa")
        }
    }
}

/// Last labels that are no public domain's.
const PRIVATE: [&str; 11] = [
    "local",
    "localhost",
    "lan",
    "home",
    "internal",
    "intranet",
    "corp",
    "test",
    "example",
    "invalid",
    "localdomain",
];

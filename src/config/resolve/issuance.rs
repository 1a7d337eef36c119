//! The hosts that a CA certifies, by the challenge types that are configured.

use super::{directory, network::LAN};
use crate::config::{
    file::{self, File},
    model::{ChallengeKind, Host},
};

/// The hosts for which the CA of `acme` issues certificates.
pub(super) struct IssuancePolicy {
    /// True if the CA certifies public names and addresses only.
    public: bool,
    /// Challenge types that can be used, in the order in which they are tried.
    pub(super) challenges: Vec<ChallengeKind>,
}

impl IssuancePolicy {
    pub(super) fn new(file: &File) -> Self {
        Self {
            public: directory::named(&file.acme.directory).is_some(),
            challenges: Self::challenges(file),
        }
    }

    /// Returns each challenge type once; http-01 needs an address in `listen.http`.
    fn challenges(file: &File) -> Vec<ChallengeKind> {
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

    /// Returns cause and cure if the CA never certifies this host.
    pub(super) fn refusal(&self, host: &Host) -> Option<String> {
        match host {
            Host::Wildcard(_) if !self.challenges.contains(&ChallengeKind::Dns01) => Some(format!(
                "a CA certifies {host} by dns-01 only: add it to `acme.challenges`, and `acme.dns`"
            )),
            Host::Address(_) if self.challenges == [ChallengeKind::Dns01] => Some(format!(
                "no CA certifies the address {host} by dns-01: add http-01 to `acme.challenges`"
            )),
            host if self.public && !host.is_public() => Some(format!(
                "no public CA certifies {host}: put it in a site of its own with `certificate: self-signed`"
            )),
            _ => None,
        }
    }
}

/// True if a public CA can certify the host by http-01 or tls-alpn-01.
#[must_use]
pub fn is_certifiable(text: &str) -> bool {
    let is_certifiable = |host: Host| !matches!(host, Host::Wildcard(_)) && host.is_public();
    Host::parse(text).is_ok_and(is_certifiable)
}

impl Host {
    /// True if the host can exist on the Internet (RFC 6761, RFC 6762, RFC 8375).
    fn is_public(&self) -> bool {
        match self {
            Self::Address(address) => {
                !LAN.iter().any(|network| network.contains(address)) && !address.is_unspecified()
            }
            Self::Name(name) | Self::Wildcard(name) => {
                let last = name.rsplit('.').next().unwrap_or(name);
                name.contains('.') && !PRIVATE.contains(&last) && !name.ends_with(".home.arpa")
            }
        }
    }
}

/// Last labels of names that no public domain has.
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

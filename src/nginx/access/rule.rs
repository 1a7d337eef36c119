//! The access rule of a location in NGINX, and its comparison with rules of hubgate.

use std::{collections::BTreeSet, net::IpAddr};

use crate::nginx::model::network::Networks;

/// The requirements of a location: a client certificate, and those of the access phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) certificate: Option<Certificate>,
    pub(crate) phase: AccessPhase,
    /// Set where the certificate alone suffices instead of the access phase.
    pub(crate) certificate_suffices: bool,
}

/// The client certificates that a server accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) ca: String,
    pub(crate) crl: Option<String>,
    /// The largest number of intermediate CAs (`ssl_verify_depth`).
    pub(crate) depth: u32,
}

/// The requirements of NGINX's access phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccessPhase {
    Open,
    Denied,
    Networks(Networks),
    Password(String),
    Either(Networks, String),
    Both(Networks, String),
}

/// A client with its address, passwords and certificates.
struct Client<'r> {
    address: IpAddr,
    passwords: Vec<&'r str>,
    certificates: Vec<&'r Certificate>,
}

impl AccessPhase {
    /// Restricts the requirements to these networks, if one access block can express that.
    pub(crate) fn within(self, networks: &Networks) -> Option<Self> {
        if networks.is_all() {
            return Some(self);
        }
        let (networks, file) = match self {
            Self::Denied => return Some(Self::Denied),
            Self::Either(..) => return None,
            Self::Open => (networks.clone(), None),
            Self::Networks(own) => (own.intersection(networks), None),
            Self::Password(file) => (networks.clone(), Some(file)),
            Self::Both(own, file) => (own.intersection(networks), Some(file)),
        };
        Some(match file {
            _ if networks.is_empty() => Self::Denied,
            None => Self::Networks(networks),
            Some(file) => Self::Both(networks, file),
        })
    }

    /// Reports whether every client needs a password.
    pub(crate) fn always_needs_password(&self) -> bool {
        matches!(self, Self::Password(_) | Self::Both(..))
    }

    /// Returns the networks, if they matter.
    pub(crate) fn networks(&self) -> Option<&Networks> {
        match self {
            Self::Networks(networks) | Self::Either(networks, _) | Self::Both(networks, _) => {
                Some(networks)
            }
            _ => None,
        }
    }

    /// Returns the password file, if a password matters.
    pub(crate) fn password(&self) -> Option<&str> {
        match self {
            Self::Password(file) | Self::Either(_, file) | Self::Both(_, file) => Some(file),
            _ => None,
        }
    }
}

impl Rule {
    pub(crate) const OPEN: Self = Self {
        certificate: None,
        phase: AccessPhase::Open,
        certificate_suffices: false,
    };
    pub(crate) const DENIED: Self = Self {
        certificate: None,
        phase: AccessPhase::Denied,
        certificate_suffices: false,
    };

    /// Creates a rule without a certificate.
    pub(crate) fn without_certificate(phase: AccessPhase) -> Self {
        Self {
            certificate: None,
            phase,
            certificate_suffices: false,
        }
    }

    /// Reports whether one access block of proxy.yaml expresses the rule.
    pub(crate) fn is_block(&self) -> bool {
        match self.certificate_suffices {
            true => !matches!(self.phase, AccessPhase::Both(..)),
            false => self.certificate.is_none() || !matches!(self.phase, AccessPhase::Either(..)),
        }
    }

    /// Reports whether the rule admits every client.
    pub(crate) fn is_open(&self) -> bool {
        self.equals(&Self::OPEN)
    }

    /// Reports whether both rules admit the same clients.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        equivalent(&[self], &[other])
    }

    /// Returns the certificate alone and the access phase alone, where both are required.
    fn parts(&self) -> Vec<Self> {
        if self.certificate_suffices {
            return Vec::new();
        }
        let rest = Self::without_certificate(self.phase.clone());
        let certificate = Self {
            phase: AccessPhase::Open,
            ..self.clone()
        };
        vec![certificate, rest]
    }

    /// Returns the blocks that express the rule or a part of it.
    pub(crate) fn blocks(&self) -> Vec<Self> {
        let blocks = std::iter::once(self.clone()).chain(self.parts());
        blocks.filter(Self::is_block).collect()
    }

    fn admits(&self, client: &Client<'_>) -> bool {
        let required = self.certificate.as_ref();
        let presented = required.map(|certificate| client.certificates.contains(&certificate));
        match presented {
            Some(true) if self.certificate_suffices => return true,
            Some(false) if !self.certificate_suffices => return false,
            _ => {}
        }
        let has_password = |file: &String| client.passwords.contains(&file.as_str());
        let is_in = |networks: &Networks| networks.contains(client.address);
        match &self.phase {
            AccessPhase::Open => true,
            AccessPhase::Denied => false,
            AccessPhase::Networks(networks) => is_in(networks),
            AccessPhase::Password(file) => has_password(file),
            AccessPhase::Either(networks, file) => is_in(networks) || has_password(file),
            AccessPhase::Both(networks, file) => is_in(networks) && has_password(file),
        }
    }
}

/// Reports whether each client that all of `tight` admit is admitted by all of `loose`.
pub(crate) fn implies(tight: &[&Rule], loose: &[&Rule]) -> bool {
    let admit = |rules: &[&Rule], client: &Client<'_>| rules.iter().all(|rule| rule.admits(client));
    let rules = [tight, loose].concat();
    let passwords: Vec<_> = distinct(rules.iter().filter_map(|rule| rule.phase.password()));
    let certificates: Vec<_> = distinct(rules.iter().filter_map(|rule| rule.certificate.as_ref()));
    sample_addresses(&rules).into_iter().all(|address| {
        subsets(&passwords).into_iter().all(|passwords| {
            subsets(&certificates).into_iter().all(|certificates| {
                let passwords = passwords.clone();
                let client = Client {
                    address,
                    passwords,
                    certificates,
                };
                !admit(tight, &client) || admit(loose, &client)
            })
        })
    })
}

/// Reports whether both groups of rules admit the same clients.
pub(crate) fn equivalent(some: &[&Rule], others: &[&Rule]) -> bool {
    implies(some, others) && implies(others, some)
}

/// Returns one address for each combination of networks of the rules that contain it.
fn sample_addresses(rules: &[&Rule]) -> Vec<IpAddr> {
    let networks: Vec<_> = rules
        .iter()
        .filter_map(|rule| rule.phase.networks())
        .collect();
    let edges = networks.iter().flat_map(|networks| networks.edges());
    let mut seen = BTreeSet::new();
    let containing = |address: IpAddr| -> Vec<bool> {
        let networks = networks.iter();
        networks.map(|set| set.contains(address)).collect()
    };
    let ends = [
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];
    let ends = ends.iter().filter_map(|end| end.parse().ok());
    ends.chain(edges)
        .filter(|address| seen.insert(containing(*address)))
        .collect()
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    items.for_each(|item| {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    });
    distinct
}

fn subsets<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first() else {
        return vec![Vec::new()];
    };
    let without = subsets(rest);
    let with = without
        .iter()
        .map(|rest| [&[*first], rest.as_slice()].concat());
    with.chain(without.iter().cloned()).collect()
}

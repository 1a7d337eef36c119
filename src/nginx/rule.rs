//! Who may enter a place, as NGINX decides it, and whether hubgate can say the same.

use std::{collections::BTreeSet, net::IpAddr};

use super::network::Networks;

/// What one has to show: a certificate besides everything else, and the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) certificate: Option<Certificate>,
    pub(super) entry: Entry,
    /// Whether the certificate is enough by itself.
    pub(super) either: bool,
}

/// Whose client certificates are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) ca: String,
    pub(super) crl: Option<String>,
    /// Intermediate CAs at most, as `ssl_verify_depth` has them.
    pub(super) depth: u32,
}

/// What NGINX's access phase wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Nobody,
    Networks(Networks),
    Password(String),
    Either(Networks, String),
    Both(Networks, String),
}

/// Somebody who comes: from where, with which passwords and certificates.
struct Visitor<'r> {
    address: IpAddr,
    passwords: Vec<&'r str>,
    certificates: Vec<&'r Certificate>,
}

impl Entry {
    /// The same from these networks only, if one block can say it.
    pub(super) fn within(self, networks: &Networks) -> Option<Self> {
        if networks.is_all() {
            return Some(self);
        }
        let (networks, file) = match self {
            Self::Nobody => return Some(Self::Nobody),
            Self::Either(..) => return None,
            Self::Open => (networks.clone(), None),
            Self::Networks(own) => (own.and(networks), None),
            Self::Password(file) => (networks.clone(), Some(file)),
            Self::Both(own, file) => (own.and(networks), Some(file)),
        };
        Some(match file {
            _ if networks.is_empty() => Self::Nobody,
            None => Self::Networks(networks),
            Some(file) => Self::Both(networks, file),
        })
    }
}

impl Rule {
    pub(super) const OPEN: Self = Self {
        certificate: None,
        entry: Entry::Open,
        either: false,
    };
    pub(super) const NOBODY: Self = Self {
        certificate: None,
        entry: Entry::Nobody,
        either: false,
    };

    pub(super) fn of(entry: Entry) -> Self {
        Self {
            certificate: None,
            entry,
            either: false,
        }
    }

    /// Whether one access block of proxy.yaml says the same.
    pub(super) fn is_block(&self) -> bool {
        match self.either {
            true => !matches!(self.entry, Entry::Both(..)),
            false => self.certificate.is_none() || !matches!(self.entry, Entry::Either(..)),
        }
    }

    /// Only its certificate, or only the rest of it.
    fn parts(&self) -> Vec<Self> {
        if self.either {
            return Vec::new();
        }
        let rest = Self::of(self.entry.clone());
        let certificate = Self {
            entry: Entry::Open,
            ..self.clone()
        };
        vec![certificate, rest]
    }

    /// The blocks that could stand for it, or for a part of it.
    pub(super) fn blocks(&self) -> Vec<Self> {
        let blocks = std::iter::once(self.clone()).chain(self.parts());
        blocks.filter(Self::is_block).collect()
    }

    fn admits(&self, visitor: &Visitor<'_>) -> bool {
        let wanted = self.certificate.as_ref();
        let shown = wanted.map(|certificate| visitor.certificates.contains(&certificate));
        match shown {
            Some(true) if self.either => return true,
            Some(false) if !self.either => return false,
            _ => {}
        }
        let knows = |password: &String| visitor.passwords.contains(&password.as_str());
        match &self.entry {
            Entry::Open => true,
            Entry::Nobody => false,
            Entry::Networks(networks) => networks.contains(visitor.address),
            Entry::Password(password) => knows(password),
            Entry::Either(networks, password) => {
                networks.contains(visitor.address) || knows(password)
            }
            Entry::Both(networks, password) => {
                networks.contains(visitor.address) && knows(password)
            }
        }
    }

    fn networks(&self) -> Option<&Networks> {
        match &self.entry {
            Entry::Networks(networks) | Entry::Either(networks, _) | Entry::Both(networks, _) => {
                Some(networks)
            }
            _ => None,
        }
    }

    fn password(&self) -> Option<&str> {
        match &self.entry {
            Entry::Password(password) | Entry::Either(_, password) | Entry::Both(_, password) => {
                Some(password)
            }
            _ => None,
        }
    }
}

/// Whether everybody whom all of `tight` let in is let in by all of `loose`.
pub(super) fn implies(tight: &[&Rule], loose: &[&Rule]) -> bool {
    let admit =
        |rules: &[&Rule], visitor: &Visitor<'_>| rules.iter().all(|rule| rule.admits(visitor));
    let rules = [tight, loose].concat();
    let passwords: Vec<_> = distinct(rules.iter().filter_map(|rule| rule.password()));
    let certificates: Vec<_> = distinct(rules.iter().filter_map(|rule| rule.certificate.as_ref()));
    addresses(&rules).into_iter().all(|address| {
        subsets(&passwords).into_iter().all(|passwords| {
            subsets(&certificates).into_iter().all(|certificates| {
                let passwords = passwords.clone();
                let visitor = Visitor {
                    address,
                    passwords,
                    certificates,
                };
                !admit(tight, &visitor) || admit(loose, &visitor)
            })
        })
    })
}

/// Whether both let the same people in.
pub(super) fn same(some: &[&Rule], others: &[&Rule]) -> bool {
    implies(some, others) && implies(others, some)
}

/// One address for each way in which the rules' networks may hold it or not.
fn addresses(rules: &[&Rule]) -> Vec<IpAddr> {
    let networks: Vec<_> = rules.iter().filter_map(|rule| rule.networks()).collect();
    let edges = networks.iter().flat_map(|networks| networks.edges());
    let mut seen = BTreeSet::new();
    let held =
        |address: IpAddr| -> Vec<bool> { networks.iter().map(|it| it.contains(address)).collect() };
    let ends = [
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];
    let ends = ends.iter().filter_map(|end| end.parse().ok());
    ends.chain(edges)
        .filter(|address| seen.insert(held(*address)))
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

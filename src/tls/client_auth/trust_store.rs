//! The trust store of a client CA: CA certificates and revocation lists, as its files have them.

use std::path::Path;

use rustls::DistinguishedName;
use time::OffsetDateTime;

use super::{
    ca::Ca,
    revocation_list::{LoadedLists, RevocationList},
};
use crate::tls::{SystemRoots, Warning, x509::pem::both};

/// The CA certificates and revocation lists of a client CA.
pub(crate) struct TrustStore {
    pub(crate) cas: Vec<Ca>,
    /// `None` disables revocation checks.
    pub(crate) lists: Option<Vec<RevocationList>>,
    /// Earliest `nextUpdate` among the lists that a CA of the file signed; from then on the
    /// certificates of that CA are refused.
    pub(crate) first_list_end: Option<OffsetDateTime>,
    pub(crate) warnings: Vec<Warning>,
}

impl TrustStore {
    /// Loads the files; refuses a public CA and damaged certificates or lists.
    pub(crate) fn load(ca: &Path, crl: Option<&Path>, roots: &SystemRoots) -> anyhow::Result<Self> {
        let now = OffsetDateTime::now_utc();
        let cas = Ca::load_all(ca, roots).or_else(|fault| {
            let lists = crl.map(|crl| LoadedLists::load(crl, &[]));
            both(Err(fault), lists.transpose()).map(|(cas, _)| cas)
        })?;
        let expired = cas.iter().filter_map(|ca| ca.expired(now));
        let mut warnings: Vec<_> = expired.map(|warning| warning.in_file(ca)).collect();
        let mut lists = None;
        if let Some(crl) = crl {
            let loaded = LoadedLists::load(crl, &cas)?;
            let faults = loaded.faults(&cas, now);
            let faults = loaded.warnings.into_iter().chain(faults);
            warnings.extend(faults.map(|warning| warning.in_file(crl)));
            lists = Some(loaded.lists);
        }
        let signed = lists
            .iter()
            .flatten()
            .filter(|list| list.has_signer_in_file());
        let ends = signed.filter_map(|list| list.next_update);
        Ok(Self {
            first_list_end: ends.min(),
            cas,
            lists,
            warnings,
        })
    }

    /// Returns the distinct names of the CAs.
    pub(crate) fn subjects(&self) -> Vec<DistinguishedName> {
        let is_first = |(index, ca): &(usize, &Ca)| {
            let mut before = self.cas.iter().take(*index);
            before.all(|earlier| earlier.anchor.subject != ca.anchor.subject)
        };
        let cas = self.cas.iter().enumerate().filter(is_first);
        let subject = |ca: &Ca| DistinguishedName::in_sequence(&ca.anchor.subject);
        cas.map(|(_, ca)| subject(ca)).collect()
    }

    /// Returns the bytes of all lists, each of which a validation reads whole.
    pub(crate) fn list_bytes(&self) -> usize {
        self.lists
            .iter()
            .flatten()
            .map(RevocationList::length)
            .sum()
    }

    /// Names the certificates and lists that were added or removed since `before`.
    pub(crate) fn changes(&self, before: &Self, ca: &Path, crl: Option<&Path>) -> Vec<String> {
        let missing = |store: &Self, other: &Self| {
            let cas = store.cas.iter().filter(|ca| !other.has_ca(ca));
            let cas = cas.map(|missing| format!("{}: {}", ca.display(), missing.name));
            let lists = store.lists.iter().flatten();
            let lists = lists.filter(|list| !other.has_list(list));
            let crl = crl.unwrap_or(ca).display();
            let lists = lists.map(|list| format!("{crl}: the revocation list of {}", list.name));
            cas.chain(lists).collect::<Vec<_>>()
        };
        let mut changes = missing(self, before);
        let removed = missing(before, self).into_iter();
        let removed: Vec<_> = removed.filter(|name| !changes.contains(name)).collect();
        changes.extend(removed);
        changes
    }

    fn has_ca(&self, ca: &Ca) -> bool {
        let mut cas = self.cas.iter();
        cas.any(|other| other.certificate == ca.certificate)
    }

    fn has_list(&self, list: &RevocationList) -> bool {
        let mut lists = self.lists.iter().flatten();
        lists.any(|other| other.is_same(list))
    }
}

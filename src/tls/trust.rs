//! What a client CA's files say: the CAs, and the certificates that they revoked.

use std::path::Path;

use rustls::DistinguishedName;
use time::OffsetDateTime;

use super::{
    SystemRoots, Warning,
    authority::Authority,
    certificate::both,
    revocation::{self, RevocationList},
};

/// What a client CA's files say.
pub(super) struct Trust {
    pub(super) authorities: Vec<Authority>,
    /// None where revocation does not count.
    pub(super) lists: Option<Vec<RevocationList>>,
    /// When the first of the lists ends that a CA of the file signed, and with it all that it
    /// lets in.
    pub(super) lists_end: Option<OffsetDateTime>,
    pub(super) warnings: Vec<Warning>,
}

impl Trust {
    /// Reads the files and refuses what would let in too many or cannot be relied on.
    pub(super) fn load(ca: &Path, crl: Option<&Path>, roots: &SystemRoots) -> anyhow::Result<Self> {
        let now = OffsetDateTime::now_utc();
        let authorities = Authority::load_all(ca, roots).or_else(|fault| {
            let lists = crl.map(|crl| RevocationList::load_all(crl, &[]));
            both(Err(fault), lists.transpose()).map(|(authorities, _)| authorities)
        })?;
        let ended = authorities.iter().filter_map(|it| it.ended(now));
        let mut warnings: Vec<_> = ended.map(|it| it.of(ca)).collect();
        let mut lists = None;
        if let Some(crl) = crl {
            let loaded = RevocationList::load_all(crl, &authorities)?;
            let faults = revocation::faults(&loaded.lists, &authorities, now);
            let faults = loaded.warnings.into_iter().chain(faults);
            warnings.extend(faults.map(|it| it.of(crl)));
            lists = Some(loaded.lists);
        }
        let of_file = lists.iter().flatten().filter(|it| it.is_of_file());
        let ends = of_file.filter_map(|it| it.next_update);
        Ok(Self {
            lists_end: ends.min(),
            authorities,
            lists,
            warnings,
        })
    }

    /// The CAs' names, each once.
    pub(super) fn subjects(&self) -> Vec<DistinguishedName> {
        let is_first = |(index, ca): &(usize, &Authority)| {
            let mut before = self.authorities.iter().take(*index);
            before.all(|earlier| earlier.anchor.subject != ca.anchor.subject)
        };
        let authorities = self.authorities.iter().enumerate().filter(is_first);
        let subject = |ca: &Authority| DistinguishedName::in_sequence(&ca.anchor.subject);
        authorities.map(|(_, ca)| subject(ca)).collect()
    }

    /// Bytes of the lists, which each judgement reads whole.
    pub(super) fn length_of_lists(&self) -> usize {
        self.lists
            .iter()
            .flatten()
            .map(RevocationList::length)
            .sum()
    }

    /// The certificates and lists that are in these files and were not before, and the reverse.
    pub(super) fn changes(&self, before: &Self, ca: &Path, crl: Option<&Path>) -> Vec<String> {
        let missing = |one: &Self, other: &Self| {
            let cas = one.authorities.iter().filter(|it| !other.has(it));
            let cas = cas.map(|it| format!("{}: {}", ca.display(), it.name));
            let lists = one.lists.iter().flatten().filter(|it| !other.lists(it));
            let crl = crl.unwrap_or(ca).display();
            let lists = lists.map(|it| format!("{crl}: the revocation list of {}", it.name));
            cas.chain(lists).collect::<Vec<_>>()
        };
        let mut changes = missing(self, before);
        let gone = missing(before, self).into_iter();
        let gone: Vec<_> = gone.filter(|it| !changes.contains(it)).collect();
        changes.extend(gone);
        changes
    }

    fn has(&self, ca: &Authority) -> bool {
        let mut all = self.authorities.iter();
        all.any(|it| it.certificate == ca.certificate)
    }

    fn lists(&self, list: &RevocationList) -> bool {
        let mut all = self.lists.iter().flatten();
        all.any(|other| other.is_same(list))
    }
}

//! A keeper and the disk: what is there is served, what is new is put there.
//!
//! A disk that cannot be written costs nothing but its permanence: what came is served from
//! memory, and writing is tried again.

use time::OffsetDateTime;
use tracing::{error, warn};

use super::Keeper;
use crate::acme::{
    authority::ari_id, history::History, journal::OrderEntry, lineage, memory::Kept,
    set::CertificateSet,
};

impl Keeper {
    /// Serves what is newest on disk, whoever got it.
    pub(super) fn take_up(&self) {
        let store = self.shared.store.as_ref();
        if self.memory().unsaved {
            return;
        }
        match CertificateSet::load(store, &self.name) {
            Ok(Some(set)) if self.memory().is_other(&set) => {
                self.forget_order_of(&set);
                self.serve(set);
            }
            Ok(_) => {}
            Err(fault) => self.warn_once(&fault.to_string()),
        }
    }

    /// A certificate that came, of which a crash left the order in the journal.
    fn forget_order_of(&self, set: &CertificateSet) {
        let store = self.shared.store.as_ref();
        let entry = OrderEntry::load(store, &self.name).ok().flatten();
        if entry.is_some_and(|entry| entry.is_of(&set.key)) {
            self.forget_order();
        }
    }

    fn forget_order(&self) {
        if let Err(fault) = OrderEntry::remove(self.shared.store.as_ref(), &self.name) {
            self.warn_once(&fault.to_string());
        }
    }

    pub(super) fn take_over_lineage(&self, now: OffsetDateTime) {
        if self.memory().issued_at().is_some() {
            return;
        }
        let found = lineage::find(&self.acme.lineages, &self.hosts, now);
        if let Some(set) = found {
            self.serve(set);
            self.memory().unsaved = true;
        }
    }

    /// Serves a set; returns when it ends.
    pub(super) fn serve(&self, set: CertificateSet) -> Option<OffsetDateTime> {
        match set.certified(&self.shared.roots) {
            Ok(certified) => {
                let ends = certified.not_after;
                self.memory().kept = Some(Kept::of(set, &certified));
                self.slot.serve(certified);
                Some(ends)
            }
            Err(fault) => {
                error!("{fault:#}");
                None
            }
        }
    }

    /// Keeps a set; what cannot be kept is served from memory and tried again.
    pub(super) fn save(&self, set: &CertificateSet) {
        let mut set = set.clone();
        let leaf = self.memory().leaf();
        set.meta.renewal_id = leaf.and_then(|leaf| ari_id(&leaf).ok());
        match set.save(self.shared.store.as_ref(), &self.name) {
            Ok(()) => {
                self.memory().unsaved = false;
                self.forget_order();
            }
            Err(fault) => {
                self.memory().unsaved = true;
                self.warn_once(&format!("{fault}; the certificate is served from memory"));
            }
        }
    }

    pub(super) fn save_again(&self) {
        let memory = self.memory();
        let unsaved = memory.kept.as_ref().filter(|_| memory.unsaved);
        let set = unsaved.map(|kept| kept.set.clone());
        drop(memory);
        if let Some(set) = set {
            self.save(&set);
        }
    }

    /// Takes up what happened, and keeps it.
    pub(super) fn record(&self, happened: impl FnOnce(&mut History)) {
        let mut memory = self.memory();
        happened(&mut memory.history);
        if let Err(fault) = memory.history.save(self.shared.store.as_ref(), &self.name) {
            warn!("{fault}");
        }
    }

    fn warn_once(&self, told: &str) {
        let mut memory = self.memory();
        if memory.warned.as_deref() != Some(told) {
            error!("{told}");
            memory.warned = Some(told.to_owned());
        }
    }
}

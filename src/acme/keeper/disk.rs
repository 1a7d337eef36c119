//! A keeper and the disk: what is there is served, what is new is put there.
//!
//! A disk that cannot be written costs nothing but its permanence: what came is served from
//! memory, and writing is tried again.

use time::OffsetDateTime;
use tracing::{error, warn};

use super::Keeper;
use crate::{
    acme::{
        authority::ari_id,
        export,
        history::{Ca, History, Success},
        journal::OrderEntry,
        lineage,
        memory::{Kept, Work},
        set::CertificateSet,
        store::Kind,
    },
    config::model::Host,
    tls::Certified,
};

impl Keeper {
    /// Serves what is on disk if it is newer than what is served, whoever got it; what is served
    /// and not there any more is to be put back.
    pub(in crate::acme) fn take_up(&self) {
        let there = match CertificateSet::load(self.shared.store.as_ref(), &self.name) {
            Ok(there) => there,
            Err(fault) => return self.warn_once(Work::ReadCertificate, &fault.to_string()),
        };
        let mut memory = self.memory();
        memory.warned.remove(&Work::ReadCertificate);
        match there {
            Some(set) if !memory.is_other(&set) => memory.is_on_disk(),
            Some(set) if memory.is_older_than(&set, &self.shared.roots) => {
                drop(memory);
                self.serve(set);
                self.memory().is_on_disk();
            }
            _ => memory.unsaved |= memory.was_on_disk,
        }
    }

    /// Takes up what other processes have done, before something is done.
    pub(super) fn catch_up(&self) {
        self.take_up();
        let store = self.shared.store.as_ref();
        let now = OffsetDateTime::now_utc();
        let is_saved = !self.memory().history_unsaved;
        let kept = is_saved.then(|| History::load(store, &self.name, now));
        if let Some(Ok(history)) = kept {
            self.memory().history = history;
        }
        self.settle();
    }

    /// A certificate is there, whose coming a crash or another process has not recorded here.
    pub(super) fn settle(&self) {
        let Some(at) = self.memory().unrecorded() else {
            return;
        };
        let ca = self.memory().issuer(&self.acme).unwrap_or(Ca::Primary);
        let success = Success {
            at,
            ca,
            challenge: None,
        };
        self.record(|history| history.record_success(success));
        self.forget_order_of_ours();
    }

    /// A certificate that came, of which a crash left the order in the journal.
    fn forget_order_of_ours(&self) {
        let store = self.shared.store.as_ref();
        let entry = OrderEntry::load(store, &self.name).ok().flatten();
        let ours = self.memory().key();
        if entry
            .zip(ours)
            .is_some_and(|(entry, key)| entry.is_of(&key))
        {
            self.forget_order();
        }
    }

    fn forget_order(&self) {
        match OrderEntry::remove(self.shared.store.as_ref(), &self.name) {
            Ok(()) => drop(self.memory().warned.remove(&Work::RemoveOrder)),
            Err(fault) => self.warn_once(Work::RemoveOrder, &fault.to_string()),
        }
    }

    /// Without a certificate of its own name: one of another site that is for some of the hosts,
    /// as after a host was put in front; it serves until the new one comes.
    pub(in crate::acme) fn adopt(&self, now: OffsetDateTime) {
        let store = self.shared.store.as_ref();
        let entries = store.list(Kind::Certificate).unwrap_or_default();
        let sets = entries
            .iter()
            .filter_map(|entry| CertificateSet::read(store, entry));
        let covers = |set: &CertificateSet| {
            let missing = set.check(&[], now).ok().map(|()| self.missing(set));
            missing.filter(|missing| *missing < self.hosts.len())
        };
        let best = sets
            .filter_map(|set| Some((covers(&set)?, set)))
            .min_by_key(|(missing, _)| *missing);
        if let Some((_, set)) = best {
            self.serve(set);
        }
    }

    /// How many of the hosts a set is not for.
    fn missing(&self, set: &CertificateSet) -> usize {
        let is_missing = |host: &&Host| !set.meta.identifiers.contains(host);
        self.hosts.iter().filter(is_missing).count()
    }

    /// Without any certificate: certbot's.
    pub(in crate::acme) fn take_over_lineage(&self, now: OffsetDateTime) {
        let found = lineage::find(&self.acme.lineages, &self.hosts, now);
        if let Some(set) = found {
            self.serve(set);
            self.memory().unsaved = true;
        }
    }

    /// Serves a set.
    pub(super) fn serve(&self, set: CertificateSet) {
        if let Some(certified) = self.take(set) {
            self.slot.serve(certified);
        }
    }

    /// Takes a set for that which is served, and is about to be.
    pub(super) fn take(&self, set: CertificateSet) -> Option<Certified> {
        match set.certified(&self.shared.roots) {
            Ok(certified) => {
                let mut memory = self.memory();
                memory.kept = Some(Kept::of(set, &certified));
                memory.no_renewal_info = false;
                Some(certified)
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
                let mut memory = self.memory();
                memory.is_on_disk();
                memory.warned.remove(&Work::WriteCertificate);
                drop(memory);
                self.forget_order();
            }
            Err(fault) => {
                self.memory().unsaved = true;
                let told = format!("{fault}; the certificate is served from memory");
                self.warn_once(Work::WriteCertificate, &told);
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

    /// Takes up what happened, and stores it; a status query does not wait for the disk.
    pub(super) fn record(&self, happened: impl FnOnce(&mut History)) {
        let mut memory = self.memory();
        happened(&mut memory.history);
        let history = memory.history.clone();
        drop(memory);
        let saved = history.save(self.shared.store.as_ref(), &self.name);
        let mut memory = self.memory();
        memory.history_unsaved = saved.is_err();
        match saved {
            Ok(()) => drop(memory.warned.remove(&Work::WriteHistory)),
            Err(fault) if memory.is_news(Work::WriteHistory, &fault.to_string()) => {
                warn!("{fault}");
            }
            Err(_) => {}
        }
    }

    /// Logs a fault once until the work goes well again.
    fn warn_once(&self, work: Work, told: &str) {
        if self.memory().is_news(work, told) {
            error!("{told}");
        }
    }

    /// Writes the copies for other programs where they are not what is served, and calls the
    /// program until it has succeeded.
    pub(super) async fn export(&self) {
        let Some(to) = &self.acme.export else { return };
        let now = OffsetDateTime::now_utc();
        let Some(set) = self.memory().to_export(now) else {
            return;
        };
        let files = &self.shared.files;
        let is_begun = self.memory().history.delivery().is_some();
        if !is_begun && export::is_there(to, &self.name, &set, files).await {
            return;
        }
        // Noted first: a stop in the middle leaves the copies there and the program uncalled.
        self.record(History::record_delivery_begun);
        match export::export(to, &self.name, &set, files).await {
            Ok(()) => self.record(History::record_delivered),
            Err(fault) => self.report_undelivered(&fault),
        }
    }

    fn report_undelivered(&self, fault: &anyhow::Error) {
        let sentence = format!("the copies for other programs are not delivered: {fault:#}");
        error!("{}: {sentence}; it is tried again", self.name);
        let now = OffsetDateTime::now_utc();
        self.record(|history| history.record_undelivered(now, sentence));
    }
}

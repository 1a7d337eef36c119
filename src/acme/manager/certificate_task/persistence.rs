//! The persistence of a certificate task: certificate, history, journal and copies.
//!
//! On a disk that cannot be written, a new certificate is served from memory and saved again until
//! that succeeds.

use time::OffsetDateTime;
use tracing::{error, warn};

use super::CertificateTask;
use crate::{
    acme::{
        ca::ari_id,
        manager::{
            export::Copies,
            task_state::{Operation, ServedCertificate},
        },
        store::{
            Kind,
            certbot::Lineages,
            history::{CaRole, History, Success},
            order_journal::OrderEntry,
            stored_certificate::StoredCertificate,
        },
    },
    config::model::Host,
    tls::Certified,
};

impl CertificateTask {
    /// Serves the stored certificate if it is newer than the served one, such as that of another
    /// process. A served certificate that is no longer stored is marked to be saved again.
    pub(crate) fn load_newer(&self) {
        let stored = match StoredCertificate::load(self.shared.store.as_ref(), &self.name) {
            Ok(stored) => stored,
            Err(fault) => return self.log_once(Operation::ReadCertificate, &fault.to_string()),
        };
        let mut state = self.state();
        state.faults.remove(&Operation::ReadCertificate);
        match stored {
            Some(stored) if state.serves(&stored) => state.mark_stored(),
            Some(stored) if state.is_older_than(&stored) => {
                drop(state);
                self.serve(stored);
                self.state().mark_stored();
            }
            _ => state.is_unsaved |= state.was_stored,
        }
    }

    /// Loads the changes of other processes before an order.
    pub(super) fn catch_up(&self) {
        self.load_newer();
        let store = self.shared.store.as_ref();
        let now = OffsetDateTime::now_utc();
        let is_saved = !self.state().is_history_unsaved;
        let loaded = is_saved.then(|| History::load(store, &self.name, now));
        if let Some(Ok(history)) = loaded {
            self.state().history = history;
        }
        self.record_unrecorded();
    }

    /// Records a certificate that is missing in the history, because of a crash or another process.
    pub(super) fn record_unrecorded(&self) {
        let Some(at) = self.state().unrecorded_success() else {
            return;
        };
        let ca = self.state().issuer(&self.acme).unwrap_or(CaRole::Primary);
        let success = Success {
            at,
            ca,
            challenge: None,
        };
        self.record(|history| history.record_success(success));
        self.remove_completed_order();
    }

    /// Removes the journalled order of the served certificate, which a crash left behind.
    fn remove_completed_order(&self) {
        let store = self.shared.store.as_ref();
        let entry = OrderEntry::load(store, &self.name).ok().flatten();
        let key = self.state().key();
        if entry
            .zip(key)
            .is_some_and(|(entry, key)| entry.has_key(&key))
        {
            self.remove_order();
        }
    }

    fn remove_order(&self) {
        match OrderEntry::remove(self.shared.store.as_ref(), &self.name) {
            Ok(()) => drop(self.state().faults.remove(&Operation::RemoveOrder)),
            Err(fault) => self.log_once(Operation::RemoveOrder, &fault.to_string()),
        }
    }

    /// Serves the certificate of another name that covers most of the hosts, until the new one is
    /// issued; such as after a host was put before the others.
    pub(crate) fn adopt(&self, now: OffsetDateTime) {
        let store = self.shared.store.as_ref();
        let entries = store.list(Kind::Certificate).unwrap_or_default();
        let stored = entries
            .iter()
            .filter_map(|entry| StoredCertificate::read(store, entry));
        let usable = stored.filter(|stored| {
            self.missing_hosts(stored) < self.hosts.len() && stored.check(&[], now).is_ok()
        });
        if let Some(best) = usable.min_by_key(|stored| self.missing_hosts(stored)) {
            self.serve(best);
        }
    }

    /// Counts the hosts that a certificate is not for.
    fn missing_hosts(&self, stored: &StoredCertificate) -> usize {
        let is_missing = |host: &&Host| !stored.meta.identifiers.contains(host);
        self.hosts.iter().filter(is_missing).count()
    }

    /// Serves a certificate of certbot, until its renewal.
    pub(crate) fn take_over_lineage(&self, now: OffsetDateTime) {
        let lineages = Lineages {
            folder: &self.acme.lineages,
            hosts: &self.hosts,
            now,
        };
        if let Some(found) = lineages.find() {
            self.serve(found);
            self.state().is_unsaved = true;
        }
    }

    fn serve(&self, stored: StoredCertificate) {
        if let Some(certified) = self.set_served(stored) {
            self.slot.serve(certified);
        }
    }

    /// Records a certificate as the served one; the caller puts the result into the slot.
    pub(super) fn set_served(&self, stored: StoredCertificate) -> Option<Certified> {
        match self.shared.certified(&stored) {
            Ok(certified) => {
                let mut state = self.state();
                state.served = Some(ServedCertificate::new(stored, &certified));
                state.lacks_renewal_info = false;
                Some(certified)
            }
            Err(fault) => {
                error!("{fault:#}");
                None
            }
        }
    }

    /// Saves a certificate and removes its order. One that cannot be saved is served from memory
    /// and saved again later.
    pub(super) fn save(&self, stored: &StoredCertificate) {
        let mut stored = stored.clone();
        let leaf = self.state().leaf();
        stored.meta.renewal_id = leaf.and_then(|leaf| ari_id(&leaf).ok());
        match stored.save(self.shared.store.as_ref(), &self.name) {
            Ok(()) => {
                let mut state = self.state();
                state.mark_stored();
                state.faults.remove(&Operation::WriteCertificate);
                drop(state);
                self.remove_order();
            }
            Err(fault) => {
                self.state().is_unsaved = true;
                let sentence = format!("{fault}; the certificate is served from memory");
                self.log_once(Operation::WriteCertificate, &sentence);
            }
        }
    }

    /// Saves the served certificate, if it is in memory only.
    pub(super) fn save_again(&self) {
        let state = self.state();
        let unsaved = state.served.as_ref().filter(|_| state.is_unsaved);
        let stored = unsaved.map(|served| served.stored.clone());
        drop(state);
        if let Some(stored) = stored {
            self.save(&stored);
        }
    }

    /// Changes and saves the history. The state is not locked during the write, so that reports do
    /// not wait for the disk.
    pub(super) fn record(&self, change: impl FnOnce(&mut History)) {
        let mut state = self.state();
        change(&mut state.history);
        let history = state.history.clone();
        drop(state);
        let saved = history.save(self.shared.store.as_ref(), &self.name);
        let mut state = self.state();
        state.is_history_unsaved = saved.is_err();
        match saved {
            Ok(()) => drop(state.faults.remove(&Operation::WriteHistory)),
            Err(fault) if state.is_new_fault(Operation::WriteHistory, &fault.to_string()) => {
                warn!("{fault}");
            }
            Err(_) => {}
        }
    }

    /// Logs a fault once, until the operation succeeds.
    fn log_once(&self, operation: Operation, fault: &str) {
        if self.state().is_new_fault(operation, fault) {
            error!("{fault}");
        }
    }

    /// Delivers the copies for other programs, if they are not those of the served certificate or
    /// the last delivery failed.
    pub(super) async fn export(&self) {
        let Some(export) = &self.acme.export else {
            return;
        };
        let now = OffsetDateTime::now_utc();
        let Some(stored) = self.state().to_export(now) else {
            return;
        };
        let files = &self.shared.files;
        let copies = Copies::new(export, &self.name, stored);
        let is_begun = self.state().history.delivery().is_some();
        if !is_begun && copies.are_current(files).await {
            return;
        }
        // Recorded first: a crash may leave new copies without a run of the program.
        self.record(History::record_delivery_begun);
        match copies.deliver(files).await {
            Ok(()) => self.record(History::record_delivered),
            Err(fault) => self.report_undelivered(&fault),
        }
    }

    fn report_undelivered(&self, fault: &anyhow::Error) {
        let sentence = format!("the copies for other programs are not delivered: {fault:#}");
        error!("{}: {sentence}; hubgate tries again", self.name);
        let now = OffsetDateTime::now_utc();
        self.record(|history| history.record_undelivered(now, sentence));
    }
}

//! The state of a certificate task, and the observations derived from it.

mod report;
mod served;

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use tracing::warn;

pub(crate) use self::served::ServedCertificate;
use crate::{
    acme::{
        renewal::{ObservedCertificate, ObservedState},
        store::{
            Store,
            history::{CaRole, History},
            private_key::PrivateKey,
            stored_certificate::StoredCertificate,
        },
    },
    config::model::{Acme, Host},
    tls::SystemRoots,
};

/// The state of a certificate task.
pub(crate) struct TaskState {
    name: String,
    pub(crate) history: History,
    /// The certificate that is served.
    pub(crate) served: Option<ServedCertificate>,
    /// True if the served certificate is in memory only.
    pub(crate) is_unsaved: bool,
    /// True if the served certificate was in the store at the last check.
    pub(crate) was_stored: bool,
    /// True if the history is in memory only.
    pub(crate) is_history_unsaved: bool,
    /// The CA's clock minus the local clock, by its last answer.
    pub(crate) ca_ahead: Option<Duration>,
    /// True after the wrong clock was logged.
    pub(crate) is_clock_logged: bool,
    /// True after the late renewal was logged.
    pub(crate) is_overdue_logged: bool,
    /// The last fault of each store operation, until the operation succeeds.
    pub(crate) faults: HashMap<Operation, String>,
    /// True if the CA offers no renewal information.
    pub(crate) lacks_renewal_info: bool,
}

/// The store operations; a fault of one is logged once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    ReadCertificate,
    WriteCertificate,
    RemoveOrder,
    WriteHistory,
}

/// The served certificate with the CA that can revoke it.
pub(crate) struct Revocable {
    /// The certificate in DER.
    pub(crate) leaf: Vec<u8>,
    pub(crate) issuer: CaRole,
}

impl TaskState {
    pub(crate) fn load(store: &dyn Store, name: &str, now: OffsetDateTime) -> Self {
        let history = History::load(store, name, now)
            .inspect_err(|fault| warn!("{fault}"))
            .unwrap_or_default();
        Self {
            name: name.to_owned(),
            history,
            served: None,
            is_unsaved: false,
            was_stored: false,
            is_history_unsaved: false,
            ca_ahead: None,
            is_clock_logged: false,
            is_overdue_logged: false,
            faults: HashMap::new(),
            lacks_renewal_info: false,
        }
    }

    /// Returns the observed state for the schedule.
    pub(crate) fn observe(&self, hosts: &[Host], acme: &Acme) -> ObservedState {
        let served = self.served.as_ref();
        let issuer = self.issuer(acme);
        ObservedState {
            certificate: served.map(|served| ObservedCertificate {
                not_before: served.not_before,
                not_after: served.not_after,
                issuer,
                renewal_info: issuer.is_some() && !self.lacks_renewal_info,
            }),
            names_match: served.is_some_and(|served| {
                let meta = &served.stored.meta;
                // A certificate of a CA that is no longer configured is replaced; certbot's has no
                // directory.
                let is_current = issuer.is_some() || meta.directory.is_empty();
                is_current && are_same(&meta.identifiers, hosts)
            }),
            jitter: self.jitter(),
            ca_ahead: self.ca_ahead,
        }
    }

    /// Records a fault; returns true if it differs from the last one of the operation.
    pub(crate) fn is_new_fault(&mut self, operation: Operation, fault: &str) -> bool {
        let last = self.faults.insert(operation, fault.to_owned());
        last.as_deref() != Some(fault)
    }

    /// Records that the served certificate is in the store.
    pub(crate) fn mark_stored(&mut self) {
        (self.is_unsaved, self.was_stored) = (false, true);
    }

    /// Returns the configured CA that issued the served certificate.
    pub(crate) fn issuer(&self, acme: &Acme) -> Option<CaRole> {
        let directory = &self.served.as_ref()?.stored.meta.directory;
        let fallback = acme.fallback.as_ref();
        if *directory == acme.authority.directory {
            return Some(CaRole::Primary);
        }
        let is_fallback = fallback.is_some_and(|other| other.directory == *directory);
        is_fallback.then_some(CaRole::Fallback)
    }

    /// Returns the served certificate without its chain, in DER.
    pub(crate) fn leaf(&self) -> Option<Vec<u8>> {
        self.served.as_ref().map(|served| served.leaf.clone())
    }

    /// Returns the served certificate, if its CA is configured.
    pub(crate) fn revocable(&self, acme: &Acme) -> Option<Revocable> {
        Some(Revocable {
            leaf: self.leaf()?,
            issuer: self.issuer(acme)?,
        })
    }

    /// Returns the key of the served certificate.
    pub(crate) fn key(&self) -> Option<PrivateKey> {
        self.served.as_ref().map(|served| served.stored.key.clone())
    }

    /// Returns the moment the served certificate was issued, if the history lacks it.
    pub(crate) fn unrecorded_success(&self) -> Option<OffsetDateTime> {
        let issued_at = self.served.as_ref()?.stored.meta.issued_at;
        let last = self.history.last_success();
        last.is_none_or(|last| last.at < issued_at)
            .then_some(issued_at)
    }

    /// Returns true if a certificate is to be ordered even without a journal: there is none, or it
    /// is past the hard line.
    pub(crate) fn is_urgent(&self, now: OffsetDateTime) -> bool {
        let served = self.served.as_ref();
        served.is_none_or(|served| now > served.hard_line())
    }

    /// Returns the certificate to copy to other programs, unless the delivery waits after a
    /// failure.
    pub(crate) fn to_export(&self, now: OffsetDateTime) -> Option<StoredCertificate> {
        let served = self.served.as_ref()?;
        let delivery = self.history.delivery();
        let is_due = delivery.is_none_or(|delivery| delivery.is_due(now));
        is_due.then(|| served.stored.clone())
    }

    /// Returns true if a certificate is valid from a later moment than the served one, or none is
    /// served.
    pub(crate) fn is_older_than(&self, other: &StoredCertificate) -> bool {
        let Some(served) = &self.served else {
            return true;
        };
        let certified = other.certified(&SystemRoots::none());
        certified.is_ok_and(|certified| certified.not_before > served.not_before)
    }

    /// Returns true if a certificate is the served one.
    pub(crate) fn serves(&self, other: &StoredCertificate) -> bool {
        self.served.as_ref().is_some_and(|served| {
            let stored = &served.stored;
            stored.key == other.key && stored.chain_pem == other.chain_pem
        })
    }

    /// Returns the position of the renewal in the suggested window, from 0 to 1.
    pub(crate) fn position_in_window(&self) -> f64 {
        f64::midpoint(self.jitter(), 1.0)
    }

    /// Returns a number from -1 to 1, constant for the name of the certificate.
    fn jitter(&self) -> f64 {
        let hash = digest(&SHA256, self.name.as_bytes());
        let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
        f64::from(u32::from_be_bytes(first)) / (f64::from(u32::MAX) / 2.0) - 1.0
    }
}

/// Returns true if two lists contain the same hosts in any order.
fn are_same(one: &[Host], other: &[Host]) -> bool {
    one.len() == other.len() && one.iter().all(|host| other.contains(host))
}

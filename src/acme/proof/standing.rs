//! The proofs that are up for one certificate, also between two attempts at the same order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Proof, Record, Shown};

/// The proofs that are up for one certificate.
#[derive(Default)]
pub(in crate::acme) struct StandingProofs(Mutex<Vec<Arc<Proof>>>);

impl StandingProofs {
    /// Adds a proof, which stays up until it is taken out.
    pub(super) fn add(&self, proof: Proof) -> Arc<Proof> {
        let proof = Arc::new(proof);
        self.lock().push(Arc::clone(&proof));
        proof
    }

    /// The proof of a challenge, by the challenge's URL.
    pub(super) fn find(&self, challenge: &str) -> Option<Arc<Proof>> {
        let standing = self.lock();
        let is_same = |proof: &&Arc<Proof>| proof.challenge == challenge;
        standing.iter().find(is_same).cloned()
    }

    /// Takes out those that are as wanted.
    pub(super) fn take(&self, is_wanted: impl Fn(&Proof) -> bool) -> Vec<Arc<Proof>> {
        self.lock()
            .extract_if(.., |proof| is_wanted(proof))
            .collect()
    }

    pub(super) fn has(&self, record: &Record) -> bool {
        let value = |record: &Record| (record.fqdn.clone(), record.value.clone());
        let is_same = |proof: &Arc<Proof>| match &proof.shown {
            Shown::Dns(up) => value(up) == value(record),
            _ => false,
        };
        self.lock().iter().any(is_same)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Proof>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

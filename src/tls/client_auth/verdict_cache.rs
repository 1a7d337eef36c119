//! The cache of verdicts on one chain, for their validity period.

use std::{
    sync::{Arc, Weak},
    time::SystemTime,
};

use tokio::sync::watch;

use super::verdict::Verdict;
use crate::tls::{ClientAuth, ClientCa};

/// The verdicts on one chain: one per CA, with the generation of the CA's files.
#[derive(Default)]
pub(crate) struct Verdicts(Vec<Entry>);

/// A validation that requests wait for.
pub(crate) type PendingVerdict = watch::Receiver<Option<Verdict>>;

struct Entry {
    ca: Weak<ClientCa>,
    generation: u64,
    state: State,
}

enum State {
    Cached(Verdict),
    Pending(PendingVerdict),
}

impl Verdicts {
    /// Returns the verdict of a CA if it holds now.
    pub(crate) fn current(&self, ca: &Arc<ClientCa>, now: SystemTime) -> Option<ClientAuth> {
        match &self.entry(ca)?.state {
            State::Cached(verdict) => verdict.at(now),
            State::Pending(pending) => pending.borrow().as_ref()?.at(now),
        }
    }

    /// Stores a verdict by the files of a generation.
    pub(crate) fn store(&mut self, ca: &Arc<ClientCa>, generation: u64, verdict: Verdict) {
        self.replace(ca, generation, State::Cached(verdict));
    }

    /// Returns the pending validation by a CA, or calls `start` with the sender of a new one.
    pub(crate) fn pending(
        &mut self,
        ca: &Arc<ClientCa>,
        start: impl FnOnce(watch::Sender<Option<Verdict>>),
    ) -> PendingVerdict {
        if let Some(State::Pending(pending)) = self.entry(ca).map(|entry| &entry.state) {
            let is_done = pending.borrow().is_some();
            if !is_done && pending.has_changed().is_ok() {
                return pending.clone();
            }
        }
        let generation = ca.generation();
        let (done, pending) = watch::channel(None);
        start(done);
        self.replace(ca, generation, State::Pending(pending.clone()));
        pending
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, ca: &Arc<ClientCa>) -> Option<&Entry> {
        let generation = ca.generation();
        let mut entries = self.0.iter();
        entries.find(|entry| entry.is_of(ca) && entry.generation == generation)
    }

    /// Replaces the entry of a CA; removes entries of CAs that a reload dropped.
    fn replace(&mut self, ca: &Arc<ClientCa>, generation: u64, state: State) {
        self.0
            .retain(|entry| !entry.is_of(ca) && entry.ca.strong_count() > 0);
        self.0.push(Entry {
            ca: Arc::downgrade(ca),
            generation,
            state,
        });
    }
}

impl Entry {
    fn is_of(&self, ca: &Arc<ClientCa>) -> bool {
        self.ca.as_ptr() == Arc::as_ptr(ca)
    }
}

//! The store as files, each of which must answer in time.

use std::sync::Arc;

use super::{Entry, Fault, Files, Kind, Lock, Store};
use crate::file_access::FileAccess;

/// The store as files, each of which must answer in time.
pub struct Timed {
    store: Arc<Files>,
    files: FileAccess,
}

impl Timed {
    /// Waits for the files of a store no longer than `files` does.
    #[must_use]
    pub fn new(store: Files, files: FileAccess) -> Self {
        let store = Arc::new(store);
        Self { store, files }
    }

    fn wait<T: Send + 'static>(
        &self,
        entry: &Entry,
        work: impl FnOnce(&Files, &Entry) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (store, entry) = (self.store.clone(), entry.clone());
        let waited = self.files.wait(move || work(&store, &entry));
        waited.unwrap_or_else(|fault| Err(unanswered(&fault)))
    }
}

impl Store for Timed {
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        self.wait(entry, Files::read)
    }

    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault> {
        let content = content.to_vec();
        self.wait(entry, move |store, entry| store.write(entry, &content))
    }

    fn remove(&self, entry: &Entry) -> Result<(), Fault> {
        self.wait(entry, Files::remove)
    }

    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault> {
        let seen = seen.to_vec();
        self.wait(entry, move |store, entry| store.set_aside(entry, &seen))
    }

    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault> {
        let store = self.store.clone();
        let waited = self.files.wait(move || store.list(kind));
        waited.unwrap_or_else(|fault| Err(unanswered(&fault)))
    }

    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault> {
        self.wait(entry, Files::lock)
    }
}

fn unanswered(fault: &crate::file_access::Fault) -> Fault {
    Fault::new(
        "state".to_owned(),
        fault.to_string(),
        "nothing is kept until it answers",
    )
}

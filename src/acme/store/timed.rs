//! A file store with a time limit, for disks and network drives that stop answering.

use std::sync::Arc;

use super::{Entry, Fault, FileStore, Kind, Lock, Store};
use crate::file_access::FileAccess;

/// A file store with a time limit for each operation.
pub struct TimedStore {
    store: Arc<FileStore>,
    files: FileAccess,
}

impl TimedStore {
    /// Applies the deadline of `files` to each operation of a store.
    #[must_use]
    pub fn new(store: FileStore, files: FileAccess) -> Self {
        let store = Arc::new(store);
        Self { store, files }
    }

    fn wait<T: Send + 'static>(
        &self,
        entry: &Entry,
        work: impl FnOnce(&FileStore, &Entry) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (store, entry) = (self.store.clone(), entry.clone());
        self.files.wait(move || work(&store, &entry))?
    }
}

impl Store for TimedStore {
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        self.wait(entry, FileStore::read)
    }

    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault> {
        let content = content.to_vec();
        self.wait(entry, move |store, entry| store.write(entry, &content))
    }

    fn remove(&self, entry: &Entry) -> Result<(), Fault> {
        self.wait(entry, FileStore::remove)
    }

    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault> {
        let seen = seen.to_vec();
        self.wait(entry, move |store, entry| store.set_aside(entry, &seen))
    }

    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault> {
        let store = self.store.clone();
        self.files.wait(move || store.list(kind))?
    }

    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault> {
        self.wait(entry, FileStore::lock)
    }
}

//! The persistent state of ACME: accounts, certificates, pending orders, histories, DNS records.
//!
//! [`Store`] knows entries and no paths, so that a store shared by several machines can replace
//! [`FileStore`]. The content of entries is defined by the modules that write them.

pub(crate) mod certbot;
mod entry;
mod fault;
mod files;
pub mod history;
pub(crate) mod identifiers;
mod json;
mod lock;
pub mod order_journal;
pub mod private_key;
pub mod stored_certificate;
mod timed;

pub use entry::{Entry, Kind};
pub use fault::Fault;
pub use files::FileStore;
pub use lock::Lock;
pub use timed::TimedStore;

/// A key-value store for the state that must survive a restart.
pub trait Store: Send + Sync {
    /// Reads the newest content of an entry; none if it was never written.
    ///
    /// # Errors
    /// The content cannot be read.
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault>;

    /// Replaces the content of an entry, whole or not at all. Of a certificate, the two previous
    /// contents stay in the store.
    ///
    /// # Errors
    /// The content cannot be written; the old one stays.
    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault>;

    /// Removes an entry with its older contents; a missing entry is no error.
    ///
    /// # Errors
    /// A content cannot be removed.
    fn remove(&self, entry: &Entry) -> Result<(), Fault>;

    /// Moves the newest content aside for inspection, if it is still `seen`, the content that was
    /// read. The next read of a certificate returns the previous content.
    ///
    /// Returns a phrase that names the place; the next content set aside replaces it.
    ///
    /// # Errors
    /// The content cannot be moved, and will be read again.
    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault>;

    /// Lists the entries of a kind in the order of their keys.
    ///
    /// # Errors
    /// The entries cannot be listed.
    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault>;

    /// Locks an entry exclusively among all threads and processes; none if it is locked already.
    /// The end of a process releases its locks.
    ///
    /// # Errors
    /// The store cannot lock.
    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault>;
}

//! What ACME keeps: accounts, certificates, orders under way, histories, DNS records.
//!
//! Everything goes through [`Store`], which knows entries and no paths, so that a store shared
//! by several machines can take the place of [`Files`]. What the entries hold is not its concern.

mod entry;
mod fault;
mod files;
mod json;
mod lock;
mod timed;

pub use entry::{Entry, Kind};
pub use fault::Fault;
pub use files::Files;
pub use json::{load, save};
pub use lock::Lock;
pub use timed::Timed;

/// Where ACME keeps what must survive a restart.
pub trait Store: Send + Sync {
    /// The newest content of an entry, or none if it was never written.
    ///
    /// # Errors
    /// What is there cannot be read.
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault>;

    /// Keeps new content, whole or not at all; of a certificate, the two before it too.
    ///
    /// # Errors
    /// It could not be kept; the old content stays.
    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault>;

    /// Removes an entry with everything before it; one that is not there is no error.
    ///
    /// # Errors
    /// Something of it could not be removed.
    fn remove(&self, entry: &Entry) -> Result<(), Fault>;

    /// Puts the newest content out of the way, so that of a certificate the one before is read.
    ///
    /// `seen` is what was read: what somebody has written since stays. Says where it is kept for
    /// a person to look at; only the last one is.
    ///
    /// # Errors
    /// It could not be moved, so that it is read again.
    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault>;

    /// All entries of a kind, in the order of their keys.
    ///
    /// # Errors
    /// They cannot be listed.
    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault>;

    /// Locks an entry against every other holder, in this process and in others; none when
    /// somebody else holds it. A process that dies holds nothing.
    ///
    /// # Errors
    /// It could not be found out.
    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault>;
}

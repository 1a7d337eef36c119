//! A lock on an entry, independent of the kind of store.

use std::fmt;

/// A lock on an entry; dropping it releases the entry.
#[must_use = "dropping it releases the entry"]
pub struct Lock(Box<dyn Send + Sync>);

impl Lock {
    /// Creates a lock that is released when `held` is dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value held is opaque, but must count as read.
        let _ = &self.0;
        f.write_str("Lock")
    }
}

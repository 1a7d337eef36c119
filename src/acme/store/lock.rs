//! A lock on an entry, whatever the store makes it of.

use std::fmt;

/// A lock on an entry; dropping it gives the entry free.
#[must_use = "dropping it gives the entry free"]
pub struct Lock(Box<dyn Send + Sync>);

impl Lock {
    /// A lock that lasts as long as `held`.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What holds it is the store's own matter.
        let _ = &self.0;
        f.write_str("Lock")
    }
}

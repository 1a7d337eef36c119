//! Values that are reloaded when their files change, by one thread at a time.

use std::sync::atomic::{AtomicBool, Ordering};

/// Reloads the value of some files.
type Refresh = Box<dyn Fn() -> Refreshed + Send + Sync>;

/// A value that is reloaded when its files change.
pub struct FileWatch {
    refresh: Refresh,
    busy: AtomicBool,
}

/// The result of a refresh.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// Names of the files and certificates that were reloaded.
    pub changes: Vec<String>,
    /// True if a value changed, with or without a line in `changes`.
    pub has_changed: bool,
    /// Faults of files that could not be loaded.
    pub faults: Vec<anyhow::Error>,
}

impl FileWatch {
    /// Watches a value with this refresh function.
    pub fn new(refresh: impl Fn() -> Refreshed + Send + Sync + 'static) -> Self {
        Self {
            refresh: Box::new(refresh),
            busy: AtomicBool::new(false),
        }
    }

    /// Refreshes the value; returns `None` while another thread does, which a dead disk may block.
    pub fn refresh(&self) -> Option<Refreshed> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let _busy = BusyGuard(&self.busy);
        Some((self.refresh)())
    }
}

/// Resets the busy flag, also after a panic.
struct BusyGuard<'w>(&'w AtomicBool);

impl Drop for BusyGuard<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Refreshed {
    /// Converts the result of refreshing a client CA.
    pub(super) fn from_changes(result: anyhow::Result<Vec<String>>) -> Self {
        let mut refreshed = Self::default();
        match result {
            Ok(changes) => refreshed.changes = changes,
            Err(fault) => refreshed.faults.push(fault),
        }
        refreshed
    }

    /// Converts the result of refreshing one value with this name.
    pub(super) fn from_change(result: anyhow::Result<bool>, name: &str) -> Self {
        Self::from_changes(result.map(|changed| match changed {
            true => vec![name.to_owned()],
            false => Vec::new(),
        }))
    }

    /// Creates a result without a line in `changes`.
    #[must_use]
    pub fn without_line(has_changed: bool) -> Self {
        Self {
            has_changed,
            ..Self::default()
        }
    }

    /// Merges another result; a file that several rules name is listed once.
    pub fn merge(&mut self, other: Self) {
        let new = other.changes.into_iter();
        let new: Vec<_> = new.filter(|name| !self.changes.contains(name)).collect();
        self.has_changed |= other.has_changed || !new.is_empty();
        self.changes.extend(new);
        self.faults.extend(other.faults);
    }
}

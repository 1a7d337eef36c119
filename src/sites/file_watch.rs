//! What a site keeps current with its files, refreshed by one thread at a time.

use std::sync::atomic::{AtomicBool, Ordering};

/// Refreshes the value of some files.
type Refresh = Box<dyn Fn() -> Refreshed + Send + Sync>;

/// A value kept current with its files.
pub struct FileWatch {
    refresh: Refresh,
    busy: AtomicBool,
}

/// What a look at files found.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// What was read again.
    pub changes: Vec<String>,
    /// Whether something was read again that has a line of its own, or none.
    pub has_changed: bool,
    /// What could not be read.
    pub faults: Vec<anyhow::Error>,
}

impl FileWatch {
    /// A value that is refreshed so.
    pub fn new(refresh: impl Fn() -> Refreshed + Send + Sync + 'static) -> Self {
        Self {
            refresh: Box::new(refresh),
            busy: AtomicBool::new(false),
        }
    }

    /// Refreshes the value; none while another thread is at it, which a dead disk may hold.
    pub fn refresh(&self) -> Option<Refreshed> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let _done = Done(&self.busy);
        Some((self.refresh)())
    }
}

/// Ends a refresh, also after a panic.
struct Done<'w>(&'w AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Refreshed {
    /// The refresh of a CA's files.
    pub(super) fn of_all(result: anyhow::Result<Vec<String>>) -> Self {
        let mut refreshed = Self::default();
        match result {
            Ok(changes) => refreshed.changes = changes,
            Err(fault) => refreshed.faults.push(fault),
        }
        refreshed
    }

    /// The refresh of one file.
    pub(super) fn of(result: anyhow::Result<bool>, what: &str) -> Self {
        Self::of_all(result.map(|changed| match changed {
            true => vec![what.to_owned()],
            false => Vec::new(),
        }))
    }

    /// A change without a line.
    #[must_use]
    pub fn silently(has_changed: bool) -> Self {
        Self {
            has_changed,
            ..Self::default()
        }
    }

    /// Adds what another look found; several rules may name the same files.
    pub fn add(&mut self, other: Self) {
        let new = other.changes.into_iter();
        let new: Vec<_> = new.filter(|name| !self.changes.contains(name)).collect();
        self.has_changed |= other.has_changed || !new.is_empty();
        self.changes.extend(new);
        self.faults.extend(other.faults);
    }
}

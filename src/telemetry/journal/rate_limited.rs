//! A limit of one line per second for events that any client can cause.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Admits one line per second.
#[derive(Debug)]
pub struct RateLimited {
    start: Instant,
    /// Second of the last line, counted from one.
    last: AtomicU64,
}

impl Default for RateLimited {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
        }
    }
}

impl RateLimited {
    /// Returns true if the current second has no line yet.
    pub fn is_due(&self) -> bool {
        self.is_due_at(self.start.elapsed().as_secs())
    }

    fn is_due_at(&self, second: u64) -> bool {
        let second = second.saturating_add(1);
        self.last.swap(second, Ordering::Relaxed) != second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_second_is_admitted() {
        let sparse = RateLimited::default();
        let seconds = [0, 0, 0, 1, 1, 7, 7];
        let due = seconds.map(|second| sparse.is_due_at(second));
        assert_eq!(due, [true, false, false, true, false, true, false]);
    }
}

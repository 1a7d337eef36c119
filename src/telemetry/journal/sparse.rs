//! Lines that a stranger causes as fast as he likes: one a second.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Lets one line a second through.
#[derive(Debug)]
pub struct Sparse {
    begun: Instant,
    /// The second of the last line, counted from one.
    last: AtomicU64,
}

impl Default for Sparse {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
        }
    }
}

impl Sparse {
    /// Whether a line may be written now.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.is_due_at(self.begun.elapsed().as_secs())
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
    fn one_line_a_second_goes_through() {
        let sparse = Sparse::default();
        let seconds = [0, 0, 0, 1, 1, 7, 7];
        let due = seconds.map(|second| sparse.is_due_at(second));
        assert_eq!(due, [true, false, false, true, false, true, false]);
    }
}

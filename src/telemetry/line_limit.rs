//! A rate limit for log lines of one kind: lines beyond it are counted.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A limit of lines per minute.
#[derive(Debug)]
pub struct LineLimit {
    lines_per_minute: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Start of the minute.
    since: Option<Instant>,
    lines: u32,
    suppressed: u64,
}

const MINUTE: Duration = Duration::from_secs(60);

impl LineLimit {
    /// Creates a limit of lines per minute.
    #[must_use]
    pub fn new(lines_per_minute: u32) -> Self {
        Self {
            lines_per_minute,
            state: Mutex::default(),
        }
    }

    /// Admits a line, with the number of lines suppressed since the last; none if it exceeds the
    /// limit.
    #[must_use]
    pub fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if state.has_elapsed(now) {
            (state.since, state.lines) = (Some(now), 0);
        }
        if state.lines >= self.lines_per_minute {
            state.suppressed += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.suppressed))
    }

    /// Returns the number of suppressed lines after the minute has elapsed; none if it is zero.
    ///
    /// The caller logs it, so the next minute admits no line.
    #[must_use]
    pub fn overdue(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if !state.has_elapsed(now) || state.suppressed == 0 {
            return None;
        }
        state.since = Some(now);
        state.lines = self.lines_per_minute;
        Some(std::mem::take(&mut state.suppressed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_elapsed(&self, now: Instant) -> bool {
        let elapsed = |since| now.saturating_duration_since(since) >= MINUTE;
        self.since.is_none_or(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_minute_are_limited_and_the_rest_counted() {
        let (limit, begin) = (LineLimit::new(2), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(limit.admit(at(0)), Some(0));
        assert_eq!(limit.admit(at(1)), Some(0));
        assert_eq!(limit.admit(at(2)), None);
        assert_eq!(limit.admit(at(59)), None);
        assert_eq!(limit.overdue(at(59)), None);
        assert_eq!(limit.admit(at(60)), Some(2));
        assert_eq!(limit.admit(at(61)), Some(0));
        assert_eq!(limit.admit(at(62)), None);
        assert_eq!(limit.overdue(at(120)), Some(1));
        assert_eq!(limit.overdue(at(300)), None);
        assert_eq!(limit.admit(at(300)), Some(0));
    }

    #[test]
    fn a_logged_count_replaces_the_lines_of_the_next_minute() {
        let (limit, begin) = (LineLimit::new(1), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(limit.admit(at(0)), Some(0));
        assert_eq!(limit.admit(at(1)), None);
        assert_eq!(limit.overdue(at(60)), Some(1));
        assert_eq!(limit.admit(at(61)), None);
        assert_eq!(limit.overdue(at(120)), Some(1));
    }
}

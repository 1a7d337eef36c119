//! So many lines of one kind a minute; the rest are counted.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// So many lines of one kind a minute; the rest are counted.
#[derive(Debug)]
pub struct LineLimit {
    most: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Begin of the minute.
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

const MINUTE: Duration = Duration::from_secs(60);

impl LineLimit {
    /// At most so many lines a minute.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            most,
            state: Mutex::default(),
        }
    }

    /// Admits one more line, with the number of those left out since the last.
    #[must_use]
    pub fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if state.is_over(now) {
            (state.since, state.lines) = (Some(now), 0);
        }
        if state.lines >= self.most {
            state.left_out += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.left_out))
    }

    /// The number of lines left out in a minute that is over; none when there are none.
    #[must_use]
    pub fn overdue(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if !state.is_over(now) || state.left_out == 0 {
            return None;
        }
        state.since = Some(now);
        state.lines = self.most;
        Some(std::mem::take(&mut state.left_out))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_over(&self, now: Instant) -> bool {
        let passed = |since| now.saturating_duration_since(since) >= MINUTE;
        self.since.is_none_or(passed)
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
    fn a_count_that_was_written_takes_the_place_of_the_lines_of_its_minute() {
        let (limit, begin) = (LineLimit::new(1), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(limit.admit(at(0)), Some(0));
        assert_eq!(limit.admit(at(1)), None);
        assert_eq!(limit.overdue(at(60)), Some(1));
        assert_eq!(limit.admit(at(61)), None);
        assert_eq!(limit.overdue(at(120)), Some(1));
    }
}

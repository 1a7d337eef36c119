//! A rate limit for log lines of one kind: lines beyond it are counted.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A limit of lines per period.
#[derive(Debug)]
pub struct LineLimit {
    most: u32,
    period: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Start of the period.
    since: Option<Instant>,
    lines: u32,
    suppressed: u64,
}

const MINUTE: Duration = Duration::from_secs(60);

impl LineLimit {
    /// Creates a limit of lines per minute.
    #[must_use]
    pub fn per_minute(most: u32) -> Self {
        Self::new(most, MINUTE)
    }

    /// Creates a limit of lines per second.
    #[must_use]
    pub fn per_second(most: u32) -> Self {
        Self::new(most, Duration::from_secs(1))
    }

    fn new(most: u32, period: Duration) -> Self {
        Self {
            most,
            period,
            state: Mutex::default(),
        }
    }

    /// Admits a line, with the number of lines suppressed since the last; none if it exceeds the
    /// limit.
    #[must_use]
    pub fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if state.has_elapsed(self.period, now) {
            (state.since, state.lines) = (Some(now), 0);
        }
        if state.lines >= self.most {
            state.suppressed += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.suppressed))
    }

    /// Returns the number of suppressed lines after the period has elapsed; none if it is zero.
    ///
    /// The caller logs it, so the next period admits no line.
    #[must_use]
    pub fn overdue(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        if !state.has_elapsed(self.period, now) || state.suppressed == 0 {
            return None;
        }
        state.since = Some(now);
        state.lines = self.most;
        Some(std::mem::take(&mut state.suppressed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_elapsed(&self, period: Duration, now: Instant) -> bool {
        let elapsed = |since| now.saturating_duration_since(since) >= period;
        self.since.is_none_or(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_minute_are_limited_and_the_rest_counted() {
        let (limit, begin) = (LineLimit::per_minute(2), Instant::now());
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
    fn one_line_of_a_second_is_admitted() {
        let (limit, begin) = (LineLimit::per_second(1), Instant::now());
        let admit = |tenths: u64| limit.admit(begin + Duration::from_millis(tenths * 100));
        let admitted = [0, 4, 9, 10, 19, 71].map(admit);
        assert_eq!(admitted, [Some(0), None, None, Some(2), None, Some(1)]);
    }

    #[test]
    fn a_logged_count_replaces_the_lines_of_the_next_minute() {
        let (limit, begin) = (LineLimit::per_minute(1), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(limit.admit(at(0)), Some(0));
        assert_eq!(limit.admit(at(1)), None);
        assert_eq!(limit.overdue(at(60)), Some(1));
        assert_eq!(limit.admit(at(61)), None);
        assert_eq!(limit.overdue(at(120)), Some(1));
    }
}

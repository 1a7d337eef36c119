//! Test windows: a device may present its certificate where the site would not request one.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// The open test windows, by address, with their ends.
#[derive(Debug, Default)]
pub(super) struct TestWindows(HashMap<IpAddr, Instant>);

/// Duration of a test window.
const WINDOW: Duration = Duration::from_secs(60);
/// Most test windows at a time.
const MOST: usize = 64;

impl TestWindows {
    /// Opens a test window, unless too many are open.
    pub(super) fn begin(&mut self, address: IpAddr, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() < MOST {
            self.0.insert(address, now + WINDOW);
        }
    }

    /// Reports whether a test window is open for an address.
    pub(super) fn has(&self, address: IpAddr, now: Instant) -> bool {
        self.0.get(&address).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_window_lasts_a_minute_and_is_for_one_address() {
        let (now, mut windows) = (Instant::now(), TestWindows::default());
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        windows.begin(one, now);
        assert!(windows.has(one, now) && !windows.has(other, now));
        assert!(!windows.has(one, now + WINDOW));
        for last in 0..=u8::MAX {
            windows.begin([10, 0, 0, last].into(), now);
        }
        assert_eq!(windows.0.len(), MOST);
        windows.begin(other, now + WINDOW);
        assert!(windows.has(other, now + WINDOW));
    }
}

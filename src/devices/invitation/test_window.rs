//! Test windows: addresses with client certificates requested where none is required.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// The open test windows: addresses with their end.
#[derive(Debug, Default)]
pub(crate) struct TestWindows(HashMap<IpAddr, Instant>);

/// Length of a test window.
const LENGTH: Duration = Duration::from_secs(60);
/// Open test windows at a time.
const MAX_WINDOWS: usize = 64;

impl TestWindows {
    /// Opens the test window of an address unless 64 are open.
    pub(crate) fn open(&mut self, address: IpAddr, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() < MAX_WINDOWS {
            self.0.insert(address, now + LENGTH);
        }
    }

    /// Returns true while the test window of the address is open.
    pub(crate) fn is_open(&self, address: IpAddr, now: Instant) -> bool {
        self.0.get(&address).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_window_is_open_for_a_minute_and_one_address() {
        let (now, mut windows) = (Instant::now(), TestWindows::default());
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        windows.open(one, now);
        assert!(windows.is_open(one, now) && !windows.is_open(other, now));
        assert!(!windows.is_open(one, now + LENGTH));
        for last in 0..=u8::MAX {
            windows.open([10, 0, 0, last].into(), now);
        }
        assert_eq!(windows.0.len(), MAX_WINDOWS);
        windows.open(other, now + LENGTH);
        assert!(windows.is_open(other, now + LENGTH));
    }
}

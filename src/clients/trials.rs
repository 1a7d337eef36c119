//! Devices that want to show their certificate where nobody is asked for one.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// The addresses whose devices are asked for a minute, and until when.
#[derive(Debug, Default)]
pub(super) struct Trials(HashMap<IpAddr, Instant>);

/// How long a device is asked for its certificate where nobody else is.
const TRIAL: Duration = Duration::from_secs(60);
/// Addresses at a time.
const MOST: usize = 64;

impl Trials {
    /// Begins a trial, unless there are too many.
    pub(super) fn begin(&mut self, address: IpAddr, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() < MOST {
            self.0.insert(address, now + TRIAL);
        }
    }

    /// Whether a device at this address is to be asked.
    pub(super) fn has(&self, address: IpAddr, now: Instant) -> bool {
        self.0.get(&address).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_lasts_a_minute_and_is_of_one_address() {
        let (now, mut trials) = (Instant::now(), Trials::default());
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        trials.begin(one, now);
        assert!(trials.has(one, now) && !trials.has(other, now));
        assert!(!trials.has(one, now + TRIAL));
        for last in 0..=u8::MAX {
            trials.begin([10, 0, 0, last].into(), now);
        }
        assert_eq!(trials.0.len(), MOST);
        trials.begin(other, now + TRIAL);
        assert!(trials.has(other, now + TRIAL));
    }
}

//! The check of the local clock against the certificate and the CA's clock.

use time::Duration;

use super::Schedule;
use crate::clock::is_implausible;

/// The difference of two clocks that both count as right.
const TOLERANCE: Duration = Duration::days(1);

impl Schedule<'_> {
    /// Returns the fault of the clock with its cure, if it has one.
    pub(super) fn clock_fault(&self) -> Option<String> {
        let (now, ca_ahead) = (self.now, self.observed.ca_ahead);
        // The CA's clock outweighs a certificate that was issued while the clock was wrong.
        let certificate = self.observed.certificate.filter(|_| ca_ahead.is_none());
        let begins = certificate.map(|certificate| certificate.not_before);
        let ahead = ca_ahead.unwrap_or_default();
        let cause = if is_implausible(now) {
            "which is before this program was made".to_owned()
        } else if begins.is_some_and(|begins| now.saturating_add(TOLERANCE) < begins) {
            "which is before the certificate that is served begins".to_owned()
        } else if ahead > TOLERANCE {
            format!("{} days behind the CA's", ahead.whole_days())
        } else if ahead < -TOLERANCE {
            format!("{} days ahead of the CA's", -ahead.whole_days())
        } else {
            return None;
        };
        let day = now.date();
        Some(format!(
            "the clock is wrong: it says {day}, {cause}; set it, and let NTP keep it right"
        ))
    }
}

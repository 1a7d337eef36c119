//! Whether our clock and the CA's can both be right.

use time::{Duration, OffsetDateTime};

use super::Standing;
use crate::clock::is_before_all;

/// Clocks that differ by no more are called right.
const TOLERANCE: Duration = Duration::days(1);

/// What is wrong with the clock, with the cure.
pub(super) fn fault(now: OffsetDateTime, standing: &Standing) -> Option<String> {
    // Whom the CA agrees with is right, whatever a certificate says that was got at a wrong time.
    let unsure = standing.certificate.filter(|_| standing.ca_ahead.is_none());
    let begins = unsure.map(|held| held.not_before);
    let ahead = standing.ca_ahead.unwrap_or_default();
    let cause = if is_before_all(now) {
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

//! Whether our clock can be right at all.

use time::{Duration, OffsetDateTime, macros::datetime};

use super::Standing;

/// Older than this program: small boards begin in 1970, or where they were switched off.
const FLOOR: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
/// Clocks that differ by no more are called right.
const TOLERANCE: Duration = Duration::days(1);

/// Whether the moment is before this program was made.
pub(super) fn is_before_all(now: OffsetDateTime) -> bool {
    now < FLOOR
}

/// What is wrong with the clock, with the cure.
pub(super) fn fault(now: OffsetDateTime, standing: &Standing) -> Option<String> {
    // Whom the CA agrees with is right, whatever a certificate says that was got at a wrong time.
    let unsure = standing.certificate.filter(|_| standing.ca_ahead.is_none());
    let begins = unsure.map(|held| held.not_before);
    let ahead = standing.ca_ahead.unwrap_or_default();
    let cause = if now < FLOOR {
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

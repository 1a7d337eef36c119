//! Plausibility of the system clock: small boards start in 1970, or at the time of their last
//! shutdown.

use time::{OffsetDateTime, macros::datetime};

/// A date before the release of this program.
const EARLIEST: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

/// Reports whether the clock shows a time before this program existed.
pub(crate) fn is_implausible(now: OffsetDateTime) -> bool {
    now < EARLIEST
}

//! Whether our clock can be right at all: small boards begin in 1970, or where they were switched
//! off.

use time::{OffsetDateTime, macros::datetime};

/// Older than this program.
const FLOOR: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

/// Whether the moment is before this program was made.
pub(crate) fn is_before_all(now: OffsetDateTime) -> bool {
    now < FLOOR
}

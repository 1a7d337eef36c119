//! Dates as people write them: `3 November 2026`, in UTC.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const DAY: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year]");

/// The day of a moment as people write it, `3 November 2026`, in UTC.
#[must_use]
pub fn day(moment: OffsetDateTime) -> String {
    moment
        .format(DAY)
        .unwrap_or_else(|_| moment.date().to_string())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_day_has_no_leading_zero() {
        assert_eq!(day(datetime!(2026-11-03 23:59 UTC)), "3 November 2026");
    }
}

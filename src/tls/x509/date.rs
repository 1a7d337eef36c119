//! Dates and times of day in messages: `3 November 2026`, `14:03`.

use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year]");

/// Returns the date of a moment in UTC: `3 November 2026`.
#[must_use]
pub fn date(moment: OffsetDateTime) -> String {
    moment
        .format(DAY)
        .unwrap_or_else(|_| moment.date().to_string())
}

/// Returns the local time of day, `14:03`; on another day than today, the date precedes it.
#[must_use]
pub fn time_of_day(at: OffsetDateTime) -> String {
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let (at, now) = (
        at.to_offset(offset),
        OffsetDateTime::now_utc().to_offset(offset),
    );
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    match at.date() == now.date() {
        true => time,
        false => format!("{}, {time}", date(at)),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_day_has_no_leading_zero() {
        assert_eq!(date(datetime!(2026-11-03 23:59 UTC)), "3 November 2026");
    }

    #[test]
    fn a_time_on_another_day_includes_the_date() {
        assert!(time_of_day(OffsetDateTime::UNIX_EPOCH).contains("19"));
        assert_eq!(time_of_day(OffsetDateTime::now_utc()).len(), "14:03".len());
    }
}

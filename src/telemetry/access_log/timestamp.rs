//! Timestamps in the operator's time zone, formatted once per second.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

/// A cache of the last formatted second.
pub(super) struct Timestamps(ArcSwap<Second>);

/// The formatted time of one second.
#[derive(Default)]
pub(super) struct Second {
    /// Seconds since 1970.
    second: u64,
    /// `10/Oct/2025:13:55:36 +0200`
    pub(super) common: String,
    /// `2025-10-10T13:55:36`
    pub(super) rfc_3339: String,
    /// `+02:00`
    pub(super) offset: String,
}

impl Timestamps {
    pub(super) fn new() -> Self {
        Self(ArcSwap::from_pointee(Second::default()))
    }

    /// Returns the formatted second of a time.
    pub(super) fn at(&self, time: SystemTime) -> Arc<Second> {
        let cached = self.0.load();
        if cached.second == since_1970(time).as_secs() {
            return Arc::clone(&cached);
        }
        let formatted = Arc::new(Second::format(time));
        self.0.store(formatted.clone());
        formatted
    }
}

impl Second {
    /// Formats a time in the local zone, or in UTC if the zone is unknown.
    fn format(time: SystemTime) -> Self {
        let local = OffsetDateTime::from(time);
        let offset = UtcOffset::local_offset_at(local).unwrap_or(UtcOffset::UTC);
        let local = local.to_offset(offset);
        let text = |format: &[BorrowedFormatItem<'_>]| local.format(format).unwrap_or_default();
        Self {
            second: since_1970(time).as_secs(),
            common: text(COMMON_LOG_TIME),
            rfc_3339: text(RFC_3339),
            offset: text(OFFSET),
        }
    }
}

/// Returns the milliseconds of a time within its second.
pub(super) fn milliseconds(time: SystemTime) -> u32 {
    since_1970(time).subsec_millis()
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

const COMMON_LOG_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);
const RFC_3339: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!("[offset_hour sign:mandatory]:[offset_minute]");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_formatted_once() {
        let timestamps = Timestamps::new();
        let time = UNIX_EPOCH + Duration::from_millis(1_760_097_336_123);
        let first = timestamps.at(time);
        assert!(Arc::ptr_eq(
            &first,
            &timestamps.at(time + Duration::from_millis(800))
        ));
        let next = timestamps.at(time + Duration::from_secs(1));
        assert_ne!(first.common, next.common);
        assert_eq!(milliseconds(time), 123);
    }
}

//! The time of a request in the operator's zone, formatted once a second.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

/// The texts of the last second that was logged.
pub(super) struct Timestamps(ArcSwap<Second>);

/// The texts of one second.
#[derive(Default)]
pub(super) struct Second {
    /// Since 1970.
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

    /// The texts of the second of this time.
    pub(super) fn of(&self, time: SystemTime) -> Arc<Second> {
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
    /// In UTC where the zone is not known.
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

/// The milliseconds of a time within its second.
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
    fn a_second_is_formatted_once_and_the_next_one_anew() {
        let timestamps = Timestamps::new();
        let time = UNIX_EPOCH + Duration::from_millis(1_760_097_336_123);
        let first = timestamps.of(time);
        assert!(Arc::ptr_eq(
            &first,
            &timestamps.of(time + Duration::from_millis(800))
        ));
        let next = timestamps.of(time + Duration::from_secs(1));
        assert_ne!(first.common, next.common);
        assert_eq!(milliseconds(time), 123);
    }
}

//! `history`: how long addresses of clients are stored.

use std::time::Duration;

use super::{Resolved, Resolver, quantity::Quantity};
use crate::config::{file, model::History, tree::Location};

impl Resolver<'_> {
    pub(super) fn history(
        &mut self,
        location: &Location<'_>,
        written: &file::History,
    ) -> Resolved<History> {
        let addresses = Quantity(&written.addresses).address_retention();
        let addresses = self.checked(&location.key("addresses"), addresses)?;
        Ok(History { addresses })
    }
}

impl Quantity<'_> {
    /// Parses a duration of at most the days that the history counts, or `off`.
    fn address_retention(self) -> Result<Option<Duration>, String> {
        self.duration_or_off("1d", "400d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;
    const MIN: Duration = Duration::from_secs(DAY);
    const MAX: Duration = Duration::from_secs(400 * DAY);

    #[test]
    fn addresses_are_stored_for_a_day_to_400_days_or_not_at_all() {
        let parse = |text| Quantity(text).address_retention();
        assert_eq!(parse("off"), Ok(None));
        assert_eq!(parse("1d"), Ok(Some(MIN)));
        assert_eq!(parse("400d"), Ok(Some(MAX)));
        for (text, refusal) in [
            ("23h", "1d or more"),
            ("401d", "400d or less"),
            ("0d", "1d or more"),
            ("ever", "no duration"),
        ] {
            assert!(parse(text).unwrap_err().contains(refusal), "{text}");
        }
    }
}

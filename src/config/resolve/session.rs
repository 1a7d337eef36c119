//! `access.session`: how long a login is remembered.

use std::time::Duration;

use super::{Resolver, quantity};
use crate::config::{
    file::{self, SiteAccess},
    model::Access,
    tree::Place,
};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// Without a word of the operator's.
const DEFAULT: Duration = Duration::from_secs(30 * DAY);
const SHORTEST: Duration = Duration::from_secs(5 * MINUTE);
const LONGEST: Duration = Duration::from_secs(365 * DAY);

impl Resolver<'_> {
    /// How long a login at a site is remembered; `access` is what was made of the same block.
    pub(super) fn session(
        &mut self,
        place: &Place<'_>,
        block: Option<&SiteAccess>,
        access: Option<&Access>,
    ) -> Option<Option<Duration>> {
        let written = block.and_then(written);
        let lifetime = self.keep(
            &place.key("session"),
            written.map_or(Ok(Some(DEFAULT)), parse),
        )?;
        let access = access?;
        let proofs = access.password.is_some() || access.client_certificate.is_some();
        match (written, lifetime) {
            (_, None) => Some(None),
            (None, _) => Some(lifetime.filter(|_| proofs && self.tls)),
            (Some(_), _) => self.rememberable(place, proofs).map(|()| lifetime),
        }
    }

    /// Refuses a session in writing where there can be none.
    fn rememberable(&mut self, place: &Place<'_>, proofs: bool) -> Option<()> {
        let at = place.key("session");
        if !self.tls {
            let cure = "a login is remembered over TLS only: give `listen.https` an address, or remove this";
            return self.fault(&at, cure);
        }
        if !proofs && !place.node.pruned {
            let cure =
                "no login to remember: add `password` or `client_certificate` here, or remove this";
            return self.fault(&at, cure);
        }
        Some(())
    }
}

fn written(access: &SiteAccess) -> Option<&str> {
    match access {
        SiteAccess::Factors(file::Access { session, .. }) => session.as_deref(),
        SiteAccess::Word(_) => None,
    }
}

/// Reads a duration or `off`.
fn parse(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    let lifetime = quantity::duration(text)?;
    if lifetime < SHORTEST {
        return Err(format!("\"{text}\" is too short: write 5m or more, or off"));
    }
    if lifetime > LONGEST {
        return Err(format!("\"{text}\" is too long: write 365d or less"));
    }
    Ok(Some(lifetime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_remembered_for_five_minutes_to_a_year_or_not_at_all() {
        assert_eq!(parse("off"), Ok(None));
        assert_eq!(parse("5m"), Ok(Some(SHORTEST)));
        assert_eq!(parse("365d"), Ok(Some(LONGEST)));
        for (text, told) in [
            ("299s", "5m or more"),
            ("0s", "5m or more"),
            ("366d", "365d or less"),
            ("9999d", "too long"),
            ("on", "no duration"),
        ] {
            assert!(parse(text).unwrap_err().contains(told), "{text}");
        }
    }
}

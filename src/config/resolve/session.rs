//! `access.session`: the lifetime of a login.

use std::time::Duration;

use super::{Resolved, Resolver, quantity::Quantity};
use crate::config::{
    file::{self, SiteAccess},
    model::Access,
    tree::Location,
};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

const DEFAULT: Duration = Duration::from_secs(30 * DAY);

impl Resolver<'_> {
    /// Resolves the lifetime of a site's logins, `None` if they are not remembered. `access` is the
    /// rule that `block` was resolved to.
    pub(super) fn session(
        &mut self,
        location: &Location<'_>,
        block: Option<&SiteAccess>,
        access: Resolved<&Access>,
    ) -> Resolved<Option<Duration>> {
        let written = block.and_then(SiteAccess::session);
        let lifetime = written.map_or(Ok(Some(DEFAULT)), |text| Quantity(text).session_lifetime());
        let lifetime = self.checked(&location.key("session"), lifetime)?;
        let access = access?;
        let has_login = access.password.is_some() || access.client_certificate.is_some();
        match (written, lifetime) {
            (_, None) => Ok(None),
            (None, _) => Ok(lifetime.filter(|_| has_login && self.tls)),
            (Some(_), _) => self.needs_login(location, has_login).map(|()| lifetime),
        }
    }

    /// Refuses a session where a login cannot be remembered.
    fn needs_login(&mut self, location: &Location<'_>, has_login: bool) -> Resolved<()> {
        let key = location.key("session");
        if !self.tls {
            let cure = "a login is remembered over TLS only: give `listen.https` an address, or remove this";
            return self.fault(&key, cure);
        }
        if !has_login && !location.node.pruned {
            let cure =
                "no login to remember: add `password` or `client_certificate` here, or remove this";
            return self.fault(&key, cure);
        }
        Ok(())
    }
}

impl SiteAccess {
    fn session(&self) -> Option<&str> {
        match self {
            Self::Factors(file::Access { session, .. }) => session.as_deref(),
            Self::Word(_) => None,
        }
    }
}

impl Quantity<'_> {
    /// Parses a duration from `5m` to `365d`, or `off`.
    fn session_lifetime(self) -> Result<Option<Duration>, String> {
        self.duration_or_off("5m", "365d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_secs(5 * MINUTE);
    const MAX: Duration = Duration::from_secs(365 * DAY);

    #[test]
    fn a_login_is_remembered_for_five_minutes_to_a_year_or_not_at_all() {
        let parse = |text| Quantity(text).session_lifetime();
        assert_eq!(parse("off"), Ok(None));
        assert_eq!(parse("5m"), Ok(Some(MIN)));
        assert_eq!(parse("365d"), Ok(Some(MAX)));
        for (text, refusal) in [
            ("299s", "5m or more"),
            ("0s", "5m or more"),
            ("366d", "365d or less"),
            ("9999d", "too long"),
            ("on", "no duration"),
        ] {
            assert!(parse(text).unwrap_err().contains(refusal), "{text}");
        }
    }
}

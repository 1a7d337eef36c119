//! The session of a browser: who came in, remembered in a signed cookie.
//!
//! Pure: sealing and opening know the key, the site and the time. A session only names who came;
//! what that is worth is looked up at each request, so that a changed password or a revoked
//! certificate ends it at once.

mod chains;
pub mod cookie;
mod key;
mod payload;

use std::time::Duration;

use self::payload::Payload;
pub use self::{
    chains::{Chain, Chains},
    key::{Key, Loaded},
};
use super::password::Passwords;
use crate::{config::model::Host, fields::Fields, tls::Identity};

/// Who a session is of: what was found good of the site's own rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Whose password was right.
    pub account: Option<Account>,
    /// Whom a certificate names that alone lets in.
    pub certificate: Option<Identity>,
}

/// An entry of a password file, and who it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The entry as [`Passwords::fingerprint`] told it.
    pub fingerprint: [u8; 32],
}

/// The sessions of one site at one moment.
#[derive(Clone, Copy)]
pub struct Sessions<'k> {
    /// What signs them.
    pub key: &'k Key,
    /// The site, by its first host.
    pub site: &'k Host,
    /// How long one lasts.
    pub lifetime: Duration,
    /// Seconds since 1970.
    pub now: u64,
}

/// A session that a request brought: signed by us, for this site, and not at its end.
pub struct Session<'k> {
    key: &'k Key,
    payload: Payload,
    ends: u64,
}

/// How far in the future a session may have begun: clocks are set back by a little.
const SKEW: u64 = 300;

impl<'k> Sessions<'k> {
    /// The session of a request; none when it has no cookie of it, several, or one that is not good.
    #[must_use]
    pub fn open(&self, fields: &Fields<'_>) -> Option<Session<'k>> {
        let payload = Payload::parse(&self.key.open(self.site, cookie::value(fields)?)?)?;
        let ends = payload
            .ends
            .min(payload.began.saturating_add(self.lifetime.as_secs()));
        let good = payload.began <= self.now.saturating_add(SKEW) && self.now < ends;
        let key = self.key;
        good.then_some(Session { key, payload, ends })
    }

    /// The `Set-Cookie` that remembers the holder.
    ///
    /// None when there is nobody to remember, or the session that came is of the same holder and
    /// not past half of its life.
    #[must_use]
    pub fn renew(&self, came: Option<&Session<'_>>, holder: &Holder) -> Option<String> {
        let payload = self.payload(holder)?;
        if came.is_some_and(|came| came.serves(&payload, self)) {
            return None;
        }
        let left = payload
            .ends
            .checked_sub(self.now)
            .filter(|left| *left > 0)?;
        let value = self.key.seal(self.site, &payload.to_bytes());
        Some(cookie::set(&value, left))
    }

    fn payload(&self, holder: &Holder) -> Option<Payload> {
        let account = holder.account.as_ref();
        let account = account.filter(|it| it.user.len() <= payload::LONGEST_USER);
        let certificate = holder.certificate.as_ref();
        let expires = certificate.map(|it| it.not_after().unix_timestamp());
        let expires = expires.map_or(u64::MAX, |end| u64::try_from(end).unwrap_or(0));
        let payload = Payload {
            began: self.now,
            ends: self
                .now
                .saturating_add(self.lifetime.as_secs())
                .min(expires),
            account: account.map(|it| (it.user.clone(), self.key.tag(&it.fingerprint))),
            certificate: certificate.map(Identity::key),
        };
        payload.names_somebody().then_some(payload)
    }
}

impl Session<'_> {
    /// The account the session is of, if the file still has the same entry of it.
    #[must_use]
    pub fn account(&self, passwords: &Passwords) -> Option<Account> {
        let (user, tag) = self.payload.account.as_ref()?;
        let fingerprint = passwords.fingerprint(user)?;
        let user = user.clone();
        let same = self.key.is_tag(&fingerprint, tag);
        same.then_some(Account { user, fingerprint })
    }

    /// The certificate the session is of, as [`Identity::key`] tells it.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8; 32]> {
        self.payload.certificate.as_ref()
    }

    /// When it began, in seconds since 1970.
    #[must_use]
    pub fn began(&self) -> u64 {
        self.payload.began
    }

    /// When it ends, in seconds since 1970.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// Whether it need not be replaced by a new one.
    fn serves(&self, new: &Payload, sessions: &Sessions<'_>) -> bool {
        let same =
            self.payload.account == new.account && self.payload.certificate == new.certificate;
        let left = self.ends.saturating_sub(sessions.now);
        same && (left >= sessions.lifetime.as_secs() / 2 || new.ends <= self.ends)
    }
}

#[cfg(test)]
mod tests;

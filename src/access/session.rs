//! Browser sessions: the subject of a login, in a signed cookie (RFC 6265bis).
//!
//! The module is pure: it depends on the key, the site and the time only. A session names its
//! subject, which is checked against the htpasswd file and the client CA at each request; so a
//! changed password or a revoked certificate ends the session at once.

mod certificate_cache;
pub mod cookie;
mod key;
mod payload;

use std::time::Duration;

use self::payload::Payload;
pub use self::{
    certificate_cache::{CertificateCache, Chain},
    key::{Key, LoadedKey},
};
use super::password::Passwords;
use crate::{config::model::Host, fields::Fields, tls::Identity};

/// The subject of a session: the credentials that the site's own rule accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSubject {
    /// Account of the verified password.
    pub account: Option<Account>,
    /// Identity of a certificate that alone satisfies the rule.
    pub certificate: Option<Identity>,
}

/// A user and the user's entry in an htpasswd file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name of the user.
    pub user: String,
    /// Fingerprint of the entry: see [`Passwords::fingerprint`].
    pub fingerprint: [u8; 32],
}

/// The sessions of one site at one time.
#[derive(Clone, Copy)]
pub struct Sessions<'k> {
    /// Key that signs the cookies.
    pub key: &'k Key,
    /// First host of the site.
    pub site: &'k Host,
    /// Lifetime of a session.
    pub lifetime: Duration,
    /// Current time, in seconds since 1970.
    pub now: u64,
}

/// The session of a request's cookie; its signature is valid for the site, and it has not expired.
pub struct Session<'k> {
    key: &'k Key,
    payload: Payload,
    ends: u64,
}

/// Seconds by which the start of a session may be in the future, because clocks are set back.
const SKEW: u64 = 300;

impl<'k> Sessions<'k> {
    /// Returns the session of a request; `None` without exactly one valid session cookie.
    #[must_use]
    pub fn open(&self, fields: &Fields<'_>) -> Option<Session<'k>> {
        let payload = Payload::parse(&self.key.open(self.site, cookie::value(fields)?)?)?;
        let ends = payload
            .ends
            .min(payload.began.saturating_add(self.lifetime.as_secs()));
        let valid = payload.began <= self.now.saturating_add(SKEW) && self.now < ends;
        let key = self.key;
        valid.then_some(Session { key, payload, ends })
    }

    /// Returns the `Set-Cookie` value of a new session for a subject.
    ///
    /// `None` without a subject, or if the current session has the same subject and either half of
    /// its lifetime left or no earlier end than a new one.
    #[must_use]
    pub fn renew(&self, current: Option<&Session<'_>>, subject: &SessionSubject) -> Option<String> {
        let payload = self.payload(subject)?;
        if current.is_some_and(|current| current.is_sufficient(&payload, self)) {
            return None;
        }
        let left = payload
            .ends
            .checked_sub(self.now)
            .filter(|left| *left > 0)?;
        let value = self.key.seal(self.site, &payload.to_bytes());
        Some(cookie::set(&value, left))
    }

    fn payload(&self, subject: &SessionSubject) -> Option<Payload> {
        let account = subject.account.as_ref();
        let account = account.filter(|account| account.user.len() <= payload::LONGEST_USER);
        let certificate = subject.certificate.as_ref();
        let expires = certificate.map(|identity| identity.not_after().unix_timestamp());
        let expires = expires.map_or(u64::MAX, |end| u64::try_from(end).unwrap_or(0));
        let payload = Payload {
            began: self.now,
            ends: self
                .now
                .saturating_add(self.lifetime.as_secs())
                .min(expires),
            account: account
                .map(|account| (account.user.clone(), self.key.tag(&account.fingerprint))),
            certificate: certificate.map(Identity::key),
        };
        payload.has_subject().then_some(payload)
    }
}

impl Session<'_> {
    /// Returns the account of the session if the file still has the same entry.
    #[must_use]
    pub fn account(&self, passwords: &Passwords) -> Option<Account> {
        let (user, tag) = self.payload.account.as_ref()?;
        let fingerprint = passwords.fingerprint(user)?;
        let user = user.clone();
        let same = self.key.is_tag(&fingerprint, tag);
        same.then_some(Account { user, fingerprint })
    }

    /// Returns the [`Identity::key`] of the session's certificate.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8; 32]> {
        self.payload.certificate.as_ref()
    }

    /// Returns the start of the session, in seconds since 1970.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.payload.began
    }

    /// Returns the end of the session, in seconds since 1970.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// Reports whether the session need not be replaced by a new one.
    fn is_sufficient(&self, new: &Payload, sessions: &Sessions<'_>) -> bool {
        let same =
            self.payload.account == new.account && self.payload.certificate == new.certificate;
        let left = self.ends.saturating_sub(sessions.now);
        same && (left >= sessions.lifetime.as_secs() / 2 || new.ends <= self.ends)
    }
}

#[cfg(test)]
mod tests;

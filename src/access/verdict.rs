//! What a decision says: how a request was let in, or why it was not.
//!
//! The statuses are named for the reader; writing the answer is not done here.

use std::time::Duration;

use super::{evidence::Evidence, factors::Factors, login::Login, session::Holder, sight::Sight};
use crate::{
    config::model::ClientHeaders,
    tls::{Identity, Reason},
};

/// How a request was let in.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// The factors that were held, needed or not.
    pub factors: Factors,
    /// Whose password was right, now or when the session began.
    pub user: Option<String>,
    /// Whom the certificate names that is shown now, or that the session began with.
    pub identity: Option<Identity>,
    /// Whether the place is public by name, where other sites' pages may write too.
    pub public: bool,
    /// What the hub is told of the certificate.
    pub told: Told,
    /// Whom a session may remember; nobody where no rule was asked.
    pub holder: Option<Holder>,
    /// Whether the request's own credential was looked at and is wrong, or was not looked at after
    /// too many failures.
    pub login_failed: bool,
    /// What the admission rests on besides the address and the connection's certificate.
    pub evidence: Evidence,
    /// Whether the request's own credential was found right.
    pub(super) consumed: bool,
}

/// What the hub is told of the certificate, by the wish of one rule and the judgement of its CA.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The fields to tell it in.
    pub fields: ClientHeaders,
    /// Whom the certificate names, if that rule's CA vouches for it.
    pub identity: Option<Identity>,
}

/// Why a request may not enter.
#[derive(Clone, Debug)]
pub enum Denial {
    /// A password is needed and none came, or a wrong one: 401.
    Password {
        /// Why the certificate that would have done did not.
        certificate: Option<Reason>,
    },
    /// A certificate is needed and none came: 496.
    CertificateAbsent,
    /// A certificate is needed and the one that came is not trusted: 495.
    CertificateInvalid(Reason),
    /// The client is in none of the networks: 403.
    Network,
    /// Too many failures before this one, which was not looked at: 429.
    Throttled {
        /// When to try again; never zero, to be rounded up.
        retry_after: Duration,
    },
}

impl Admission {
    /// Whether the request's `Authorization` is hubgate's own and must not
    /// reach the hub: exactly when its password was found right here.
    #[must_use]
    pub fn strips_authorization(&self) -> bool {
        self.consumed
    }

    /// Notes the wish of one more rule, which goes before those of the rules before.
    pub(super) fn tell(&mut self, fields: ClientHeaders, identity: Option<&Identity>) {
        if fields != ClientHeaders::Off {
            let identity = identity.cloned();
            self.told = Told { fields, identity };
        }
    }

    /// Adds the findings of one more rule: at a look, and of the password that came.
    pub(super) fn add(&mut self, sight: Sight, login: &Login) {
        let came = login.account();
        self.evidence.add(came, sight.account.as_ref());
        self.login_failed |= login.has_failed();
        let password = came.is_some();
        self.factors = self.factors.and(sight.held).and(Factors {
            password,
            ..Factors::default()
        });
        self.consumed |= password;
        let account = came.or(sight.account.as_ref());
        let user = account.map(|account| account.user.clone());
        self.user = self.user.take().or(user);
        let identity = sight.identity.or(sight.remembered);
        self.identity = self.identity.take().or(identity);
    }
}

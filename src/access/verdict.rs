//! What a decision says: how a request was let in, or why it was not.
//!
//! The statuses are named for the reader; writing the answer is not done here.

use std::time::Duration;

use super::factors::Factors;
use crate::{
    config::model::ClientHeaders,
    tls::{Identity, Reason},
};

/// How a request was let in.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// The factors that were held, needed or not.
    pub factors: Factors,
    /// Whose password was right.
    pub user: Option<String>,
    /// Whom the certificate names.
    pub identity: Option<Identity>,
    /// Whether the place is public by name, where other sites' pages may write too.
    pub public: bool,
    /// What the hub is told of the certificate.
    pub told: Told,
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
        self.user.is_some()
    }

    /// Notes the wish of one more rule, which goes before those of the rules before.
    pub(super) fn tell(&mut self, fields: ClientHeaders, identity: Option<&Identity>) {
        if fields != ClientHeaders::Off {
            let identity = identity.cloned();
            self.told = Told { fields, identity };
        }
    }

    /// Adds what one more rule found.
    pub(super) fn add(&mut self, held: Factors, identity: Option<Identity>, user: Option<String>) {
        let password = user.is_some();
        self.factors = self.factors.and(held).and(Factors {
            password,
            ..Factors::default()
        });
        self.user = self.user.take().or(user);
        self.identity = self.identity.take().or(identity);
    }
}

//! What a decision says: how a request was let in, or why it was not.
//!
//! The statuses are named for the reader; writing the answer is not done here.

use std::time::Duration;

use super::{
    certificate::{Identity, Reason},
    factors::Factors,
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

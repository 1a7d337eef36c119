//! The verdict on a request: its admission with the evidence, or the reason for its denial.
//!
//! The comments name the status of each denial; `http` makes the response.

use std::time::Duration;

use super::{evidence::Evidence, found_factors::Evaluation, login::Login, session::SessionSubject};
use crate::{
    config::model::ClientHeaders,
    events::factors::Factors,
    tls::{ClientCertificateError, Identity},
};

/// The admission of a request.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Factors that the client holds, needed or not.
    pub factors: Factors,
    /// User of the verified password, or of the session.
    pub user: Option<String>,
    /// Identity of the connection's certificate, or of the session's.
    pub identity: Option<Identity>,
    /// The place is `public`, so that pages of other sites may write too.
    pub public: bool,
    /// Certificate that the upstream receives in header fields.
    pub told: ForwardedCertificate,
    /// Subject of a new session; `None` at a public place.
    pub subject: Option<SessionSubject>,
    /// The request's own password was verified and is wrong.
    pub login_failed: bool,
    /// Evidence besides the address and the connection's certificate.
    pub evidence: Evidence,
    /// The request's own password was verified and is correct.
    pub(super) password_verified: bool,
}

/// The certificate that the upstream receives in header fields, by one rule and its client CA.
#[derive(Clone, Debug, Default)]
pub struct ForwardedCertificate {
    /// Header fields to set.
    pub fields: ClientHeaders,
    /// Identity of the certificate, if it is valid under the rule's CA.
    pub identity: Option<Identity>,
}

/// The reason for which a request is denied.
#[derive(Clone, Debug)]
pub enum Denial {
    /// A password is needed, and it is missing or wrong: 401.
    Password {
        /// Reason for which the certificate, which would be sufficient, is invalid.
        certificate: Option<ClientCertificateError>,
    },
    /// A certificate is needed, and the client presented none: 496.
    CertificateAbsent,
    /// A certificate is needed, and the client's is invalid: 495.
    CertificateInvalid(ClientCertificateError),
    /// The client's address is in none of the networks: 403.
    Network,
    /// The password was not verified, as too many before it were wrong: 429.
    Throttled {
        /// Time until the next try, above zero; `Retry-After` rounds it up to seconds.
        retry_after: Duration,
    },
}

impl Admission {
    /// Reports whether the request's `Authorization` is for hubgate and must not reach the hub: its
    /// password was verified here and is correct.
    #[must_use]
    pub fn strips_authorization(&self) -> bool {
        self.password_verified
    }

    /// Sets the header fields of one more rule, which overrides those before it.
    pub(super) fn set_client_headers(
        &mut self,
        fields: ClientHeaders,
        identity: Option<&Identity>,
    ) {
        if fields != ClientHeaders::Off {
            let identity = identity.cloned();
            self.told = ForwardedCertificate { fields, identity };
        }
    }

    /// Adds the evaluation of one more rule, and the login by the request's password.
    pub(super) fn add(&mut self, evaluation: Evaluation, login: &Login) {
        let presented = login.account();
        let from_session = evaluation.session_account.as_ref();
        self.evidence.add(presented, from_session);
        self.login_failed |= login.has_failed();
        let password = presented.is_some();
        self.factors = self.factors.union(evaluation.held).union(Factors {
            password,
            ..Factors::default()
        });
        self.password_verified |= password;
        let account = presented.or(from_session);
        let user = account.map(|account| account.user.clone());
        self.user = self.user.take().or(user);
        let identity = evaluation.identity.or(evaluation.session_identity);
        self.identity = self.identity.take().or(identity);
    }
}

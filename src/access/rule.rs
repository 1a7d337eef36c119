//! One access rule: its factors, and whether the factors of a client satisfy it.
//!
//! Network and certificate are evaluated first: if a password could not satisfy the rule, none is
//! hashed.

use std::{path::Path, sync::Arc};

use super::{
    basic::Basic,
    evidence::Known,
    found_factors::Evaluation,
    login::Login,
    network::Client,
    password::Passwords,
    session::{Account, SessionSubject},
    throttle::Throttle,
    verdict::Denial,
};
use crate::{
    config::model::{Access, ClientCertificate, ClientHeaders, Networks, Satisfy},
    events::factors::Factors,
    tls::{ClientAuth, Identity},
};

/// An access rule with its loaded htpasswd file.
#[derive(Clone)]
pub struct Rule {
    satisfy: Satisfy,
    networks: Option<Networks>,
    certificate: Option<ClientCertificate>,
    passwords: Option<Arc<Passwords>>,
    client_headers: ClientHeaders,
}

/// The credentials of a request, before its password is verified.
///
/// `validate_certificate` validates the certificate of a source against the client CA of a rule.
#[derive(Clone, Copy)]
pub struct Credentials<'a, J> {
    /// Client of the request.
    pub client: Client,
    /// User and password of the request's `Authorization`.
    pub basic: Option<&'a Basic>,
    /// Evidence of the request's session, or of an earlier admission.
    pub known: Known<'a>,
    /// Validates the certificate of the connection or of the session.
    pub validate_certificate: J,
}

/// The source of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedBy {
    /// The certificate that the connection presented.
    Presented,
    /// The certificate of the session.
    FromSession,
}

impl Rule {
    /// Builds a configured rule; `load` loads the htpasswd file at a path.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn build(
        access: &Access,
        load: impl FnOnce(&Path) -> anyhow::Result<Arc<Passwords>>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            satisfy: access.satisfy,
            networks: access.networks.clone(),
            certificate: access.client_certificate.clone(),
            passwords: access.password.as_deref().map(load).transpose()?,
            client_headers: access.client_headers,
        })
    }

    /// Reports whether factors satisfy the rule; a rule without factors admits every client.
    #[must_use]
    pub fn admits(&self, held: Factors) -> bool {
        let configured = self.configured();
        let held = held.intersection(configured);
        match self.satisfy {
            Satisfy::Any => held.any() || !configured.any(),
            Satisfy::All => held == configured,
        }
    }

    /// Returns the client certificates that the rule accepts.
    #[must_use]
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }

    /// Returns the header fields that pass the client certificate to the upstream.
    pub(super) fn client_headers(&self) -> ClientHeaders {
        self.client_headers
    }

    /// Reports whether the rule has no factor.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.configured().any()
    }

    /// Reports whether a password is one of the factors.
    #[must_use]
    pub fn takes_password(&self) -> bool {
        self.passwords.is_some()
    }

    /// Reports whether the client's address is known and in the rule's networks.
    pub(super) fn is_in_networks(&self, client: Client) -> bool {
        let networks = self.networks.as_ref();
        networks.is_some_and(|networks| client.is_in(networks))
    }

    /// Evaluates every factor but the password of the request.
    pub(super) fn evaluate<J>(&self, credentials: &Credentials<'_, J>) -> Evaluation
    where
        J: Fn(PresentedBy, &ClientCertificate) -> ClientAuth,
    {
        let validate =
            |accepted| (credentials.validate_certificate)(PresentedBy::Presented, accepted);
        let (identity, invalid) = match self.certificate.as_ref().map(validate) {
            None | Some(ClientAuth::Absent) => (None, None),
            Some(ClientAuth::Valid(identity)) => (Some(identity), None),
            Some(ClientAuth::Invalid(reason)) => (None, Some(reason)),
        };
        let session_identity = match identity {
            Some(_) => None,
            None => self.session_identity(credentials),
        };
        let session_account = self.session_account(credentials.known);
        let held = Factors {
            network: self.is_in_networks(credentials.client),
            certificate: identity.is_some() || session_identity.is_some(),
            password: session_account.is_some(),
        };
        Evaluation {
            held,
            identity,
            session_identity,
            session_account,
            invalid,
        }
    }

    /// Evaluates the account of a session only.
    pub(super) fn evaluate_session(&self, known: Known<'_>) -> Evaluation {
        Evaluation {
            session_account: self.session_account(known),
            ..Evaluation::default()
        }
    }

    /// Returns the known account if the rule's htpasswd file still has the same entry.
    fn session_account(&self, known: Known<'_>) -> Option<Account> {
        known.account(self.passwords.as_ref()?)
    }

    /// Returns the identity of the session's certificate; `None` with `satisfy: all`, which needs
    /// the certificate on the connection.
    fn session_identity<J>(&self, credentials: &Credentials<'_, J>) -> Option<Identity>
    where
        J: Fn(PresentedBy, &ClientCertificate) -> ClientAuth,
    {
        let key = credentials.known.certificate()?;
        let accepted = self.certificate.as_ref().filter(|_| self.is_any())?;
        match (credentials.validate_certificate)(PresentedBy::FromSession, accepted) {
            ClientAuth::Valid(identity) => Some(identity).filter(|identity| identity.key() == *key),
            _ => None,
        }
    }

    /// Returns the subject of a new session: the account of the login or else of the current
    /// session, and with `satisfy: any` the certificate.
    pub(super) fn session_subject(
        &self,
        evaluation: &Evaluation,
        login: Option<&Account>,
    ) -> SessionSubject {
        let session = evaluation.session_identity.as_ref();
        let certificate = evaluation.identity.as_ref().or(session);
        SessionSubject {
            account: login.or(evaluation.session_account.as_ref()).cloned(),
            certificate: certificate.filter(|_| self.is_any()).cloned(),
        }
    }

    fn is_any(&self) -> bool {
        self.satisfy == Satisfy::Any
    }

    /// Fails early if a correct password could not satisfy the rule.
    pub(super) fn check_satisfiable(&self, evaluation: &Evaluation) -> Result<(), Denial> {
        let with_password = Factors {
            password: true,
            ..evaluation.held
        };
        if self.admits(with_password) {
            return Ok(());
        }
        Err(self.denial(evaluation))
    }

    /// Verifies the password of the request.
    ///
    /// # Errors
    /// The rule needs a password, and that of the request is missing, wrong or throttled.
    pub(super) async fn log_in(
        &self,
        evaluation: &Evaluation,
        basic: Option<&Basic>,
        client: Client,
        throttle: &Arc<Throttle>,
    ) -> Result<Login, Denial> {
        let admitted = self.admits(evaluation.held);
        let login = self
            .verify_password(admitted, basic, client, throttle)
            .await;
        match (login, admitted) {
            (Login::Right(account), _) => Ok(Login::Right(account)),
            (login, true) => Ok(login.without_throttling()),
            (Login::Throttled(retry_after), false) => Err(Denial::Throttled { retry_after }),
            (Login::None | Login::Wrong, false) => Err(self.denial(evaluation)),
        }
    }

    /// Verifies the password of a request; `admitted` if the other factors satisfy the rule.
    ///
    /// An API token of openHAB is for the upstream: if the client is admitted, it is not verified,
    /// even if the file has a user of that name.
    pub(super) async fn verify_password(
        &self,
        admitted: bool,
        basic: Option<&Basic>,
        client: Client,
        throttle: &Arc<Throttle>,
    ) -> Login {
        let (Some(passwords), Some(basic)) = (&self.passwords, basic) else {
            return Login::None;
        };
        if admitted && basic.is_openhab_token() {
            return Login::None;
        }
        let address = client.client_ip();
        match passwords.verify(basic, address, throttle).await {
            Ok(Some(fingerprint)) => {
                let user = basic.user.clone();
                Login::Right(Account { user, fingerprint })
            }
            Ok(None) => Login::Wrong,
            Err(throttled) => Login::Throttled(throttled.retry_after),
        }
    }

    /// Returns the denial for insufficient factors, which names the first missing one: in the order
    /// network, certificate, password with `satisfy: all`; with `any` in the reverse order, the
    /// easiest to add first.
    fn denial(&self, evaluation: &Evaluation) -> Denial {
        let missing = self.configured().difference(evaluation.held);
        let all = self.satisfy == Satisfy::All;
        if all && missing.network {
            return Denial::Network;
        }
        if missing.password && !(all && missing.certificate) {
            return Denial::Password {
                certificate: evaluation.invalid.clone(),
            };
        }
        match &evaluation.invalid {
            Some(reason) => Denial::CertificateInvalid(reason.clone()),
            None if missing.certificate => Denial::CertificateAbsent,
            None => Denial::Network,
        }
    }

    fn configured(&self) -> Factors {
        Factors {
            network: self.networks.is_some(),
            certificate: self.certificate.is_some(),
            password: self.passwords.is_some(),
        }
    }
}

//! One access rule: its factors, and whether those a client holds are enough.
//!
//! Pure but for the password, which is asked for last: what network or
//! certificate already decide is decided without hashing.

use std::{path::Path, sync::Arc};

use super::{
    basic::Basic,
    evidence::Known,
    factors::Factors,
    login::Login,
    network::Client,
    password::Passwords,
    session::{Account, Holder},
    sight::Sight,
    throttle::Throttle,
    verdict::Denial,
};
use crate::{
    config::model::{Access, ClientCertificate, ClientHeaders, Networks, Satisfy},
    tls::{ClientAuth, Identity},
};

/// Who may enter, with the password file at hand.
#[derive(Clone)]
pub struct Rule {
    satisfy: Satisfy,
    networks: Option<Networks>,
    certificate: Option<ClientCertificate>,
    passwords: Option<Arc<Passwords>>,
    client_headers: ClientHeaders,
}

/// Who asks to enter, as far as it is known before a password is looked at.
///
/// `judge` gives the verdict on a certificate for a rule's CA.
#[derive(Clone, Copy)]
pub struct Visitor<'a, J> {
    /// Where the request comes from.
    pub client: Client,
    /// The credential it carries.
    pub basic: Option<&'a Basic>,
    /// What is known besides.
    pub known: Known<'a>,
    /// The certificate of its connection, or of its session.
    pub judge: J,
}

/// Which certificate is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The one the connection showed.
    Now,
    /// The one that was shown when the session began.
    Before,
}

impl Rule {
    /// The rule as configured; `load` gives the password file of a path.
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

    /// Whether these factors are enough; any are for a rule without factors.
    #[must_use]
    pub fn admits(&self, held: Factors) -> bool {
        let needed = self.needed();
        let held = held.of(needed);
        match self.satisfy {
            Satisfy::Any => held.any() || !needed.any(),
            Satisfy::All => held == needed,
        }
    }

    /// The CA whose certificates the rule takes.
    #[must_use]
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }

    /// In which fields the hub is told of the certificate.
    pub(super) fn client_headers(&self) -> ClientHeaders {
        self.client_headers
    }

    /// Whether there is no factor.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.needed().any()
    }

    /// Whether a password is one of the factors.
    #[must_use]
    pub fn takes_password(&self) -> bool {
        self.passwords.is_some()
    }

    /// Whether the client is known to be in the rule's networks.
    pub(super) fn is_near(&self, client: Client) -> bool {
        let networks = self.networks.as_ref();
        networks.is_some_and(|networks| client.is_in(networks))
    }

    /// Looks at all but the password.
    pub(super) fn look<J>(&self, visitor: &Visitor<'_, J>) -> Sight
    where
        J: Fn(Shown, &ClientCertificate) -> ClientAuth,
    {
        let judge = |authority| (visitor.judge)(Shown::Now, authority);
        let (identity, invalid) = match self.certificate.as_ref().map(judge) {
            None | Some(ClientAuth::Absent) => (None, None),
            Some(ClientAuth::Valid(identity)) => (Some(identity), None),
            Some(ClientAuth::Invalid(reason)) => (None, Some(reason)),
        };
        let remembered = match identity {
            Some(_) => None,
            None => self.remembered(visitor),
        };
        let account = self.account(visitor.known);
        let held = Factors {
            network: self.is_near(visitor.client),
            certificate: identity.is_some() || remembered.is_some(),
            password: account.is_some(),
        };
        Sight {
            held,
            identity,
            remembered,
            account,
            invalid,
        }
    }

    /// Looks at the account of a session only.
    pub(super) fn recall(&self, known: Known<'_>) -> Sight {
        Sight {
            account: self.account(known),
            ..Sight::default()
        }
    }

    /// The known account, if it is one of the rule's and its password is still the same.
    fn account(&self, known: Known<'_>) -> Option<Account> {
        known.account(self.passwords.as_ref()?)
    }

    /// Whom the session's certificate names, where a certificate is enough by itself: a rule that
    /// wants all of its factors wants to see it.
    fn remembered<J>(&self, visitor: &Visitor<'_, J>) -> Option<Identity>
    where
        J: Fn(Shown, &ClientCertificate) -> ClientAuth,
    {
        let certificate = visitor.known.certificate()?;
        let authority = self.certificate.as_ref().filter(|_| self.is_any())?;
        match (visitor.judge)(Shown::Before, authority) {
            ClientAuth::Valid(identity) => Some(identity).filter(|it| it.key() == *certificate),
            _ => None,
        }
    }

    /// Whom a session may remember of what was found good.
    pub(super) fn holder(&self, sight: &Sight, came: Option<&Account>) -> Holder {
        let certificate = sight.identity.as_ref().or(sight.remembered.as_ref());
        Holder {
            account: came.or(sight.account.as_ref()).cloned(),
            certificate: certificate.filter(|_| self.is_any()).cloned(),
        }
    }

    fn is_any(&self) -> bool {
        self.satisfy == Satisfy::Any
    }

    /// Denies whom not even the right password would help.
    pub(super) fn check(&self, sight: &Sight) -> Result<(), Denial> {
        let with_password = Factors {
            password: true,
            ..sight.held
        };
        if self.admits(with_password) {
            return Ok(());
        }
        Err(self.denial(sight))
    }

    /// Looks at the password that came.
    ///
    /// # Errors
    /// It is needed and not right, or not looked at now.
    pub(super) async fn log_in(
        &self,
        sight: &Sight,
        basic: Option<&Basic>,
        client: Client,
        throttle: &Arc<Throttle>,
    ) -> Result<Login, Denial> {
        let admitted = self.admits(sight.held);
        let login = self.recognise(admitted, basic, client, throttle).await;
        match (login, admitted) {
            (Login::Right(account), _) => Ok(Login::Right(account)),
            (login, true) => Ok(login.looked_at()),
            (Login::Throttled(retry_after), false) => Err(Denial::Throttled { retry_after }),
            (Login::None | Login::Wrong, false) => Err(self.denial(sight)),
        }
    }

    /// Looks at the password that came, of a client that is admitted anyway or not.
    ///
    /// An API token of the hub's is not looked at where it is not needed: its form tells it from a
    /// password, whichever users the file has.
    pub(super) async fn recognise(
        &self,
        admitted: bool,
        basic: Option<&Basic>,
        client: Client,
        throttle: &Arc<Throttle>,
    ) -> Login {
        let (Some(passwords), Some(basic)) = (&self.passwords, basic) else {
            return Login::None;
        };
        if admitted && basic.is_hub_token() {
            return Login::None;
        }
        let address = client.accountable();
        match passwords.verify(basic, address, throttle).await {
            Ok(Some(fingerprint)) => {
                let user = basic.user.clone();
                Login::Right(Account { user, fingerprint })
            }
            Ok(None) => Login::Wrong,
            Err(throttled) => Login::Throttled(throttled.retry_after),
        }
    }

    /// What to tell a visitor whose factors are not enough: the first that is
    /// missing of all, or the easiest to bring of any.
    fn denial(&self, sight: &Sight) -> Denial {
        let missing = self.needed().without(sight.held);
        let all = self.satisfy == Satisfy::All;
        if all && missing.network {
            return Denial::Network;
        }
        if missing.password && !(all && missing.certificate) {
            return Denial::Password {
                certificate: sight.invalid.clone(),
            };
        }
        match &sight.invalid {
            Some(reason) => Denial::CertificateInvalid(reason.clone()),
            None if missing.certificate => Denial::CertificateAbsent,
            None => Denial::Network,
        }
    }

    fn needed(&self) -> Factors {
        Factors {
            network: self.networks.is_some(),
            certificate: self.certificate.is_some(),
            password: self.passwords.is_some(),
        }
    }
}

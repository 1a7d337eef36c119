//! A CA that speaks ACME, spoken to as one account: orders, renewal information, revocation.
//!
//! Every failure is a `Problem`, which says what to do about it; when that is done is not decided
//! here. `badNonce` is never a failure until it has come two dozen times in a row.

mod account;
mod authorization;
mod directory;
mod document;
mod failure;
mod order;
mod persist;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
mod renewal_info;
mod retry_after;
#[cfg(test)]
mod tests;
mod transport;

use instant_acme::{Account, Identifier, NewOrder, Order, RevocationRequest};
pub use instant_acme::{AuthorizationStatus, ChallengeStatus, OrderStatus, RevocationReason};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use self::{
    account::AccountKey, failure::Failure, order::of_order, persist::persist, transport::Transport,
};
pub use self::{
    account::{ExternalAccount, Settings},
    authorization::{Authorization, Challenge},
    directory::{Directory, Meta},
    order::PlacedOrder,
    renewal_info::{RenewalWindow, ari_id},
};
use super::{
    client::HttpsClient,
    problem::{Cause, Class, Problem},
};
use crate::config::model::Host;

/// A CA, spoken to as one account; cheap to clone.
#[derive(Clone)]
pub struct CertificateAuthority {
    account: Account,
    transport: Transport,
    directory: Directory,
    key: Option<AccountKey>,
}

impl CertificateAuthority {
    /// Reads the CA's directory, and takes up the account of the credentials, or registers one if
    /// there are none or they are another CA's; then the credentials to keep, a secret, are given
    /// beside it.
    ///
    /// Whether the CA still knows a kept account shows with its first order.
    ///
    /// # Errors
    /// `Class::AccountGone` for credentials that cannot be read, `Class::Refused` for a binding
    /// that is missing or wrong, and whatever else the CA or the way to it says.
    pub async fn connect(
        client: &HttpsClient,
        settings: &Settings,
        credentials: Option<&[u8]>,
    ) -> Result<(Self, Option<Vec<u8>>), Problem> {
        let transport = Transport::new(client.clone());
        let directory = Directory::fetch(&transport, &settings.directory).await?;
        let kept = match credentials {
            Some(credentials) => account::take_up(&transport, settings, credentials).await?,
            None => None,
        };
        let (account, new) = match kept {
            Some(account) => (account, None),
            None => {
                let registered = account::register(&transport, settings, &directory).await?;
                (registered.0, Some(registered.1))
            }
        };
        let key = new.as_deref().or(credentials);
        let authority = Self {
            key: key.and_then(|key| AccountKey::of(settings, key)),
            account,
            transport,
            directory,
        };
        Ok((authority, new))
    }

    /// What the CA asks and offers.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The URL of the account.
    #[must_use]
    pub fn account_url(&self) -> &str {
        self.account.id()
    }

    /// The CA's clock minus ours, by its last answer, to the second.
    #[must_use]
    pub fn clock_skew(&self) -> Option<Duration> {
        self.transport.clock_skew()
    }

    /// Orders a certificate for the identifiers, in place of the certificate `replaces`, which a
    /// CA without renewal information is not told.
    ///
    /// # Errors
    /// `Class::AlreadyReplaced` for whatever is wrong with `replaces`, `Class::InvalidProfile`,
    /// `Class::AccountGone` also for an account that has another key by now, and whatever else the
    /// CA or the way to it says.
    pub async fn place(
        &self,
        identifiers: &[Host],
        replaces: Option<&[u8]>,
        profile: Option<&str>,
    ) -> Result<PlacedOrder, Problem> {
        self.directory.check_profile(profile)?;
        let identifiers: Vec<_> = identifiers.iter().map(identifier).collect();
        let mut wish = NewOrder::new(&identifiers);
        if let Some(leaf) = replaces.filter(|_| self.directory.renewal_info.is_some()) {
            wish = wish.replaces(renewal_info::identifier(leaf).map_err(not_replaceable)?);
        }
        if let Some(profile) = profile {
            wish = wish.profile(profile);
        }
        let placed = match persist!(self.account.new_order(&wish)) {
            Err(failure) => Err(self.unless_unknown(failure).await),
            Ok(order) => Ok(order),
        };
        placed
            .map(|order| self.placed(order))
            .map_err(|problem| match replaces {
                Some(_) if is_of_replaces(&problem) => not_replaceable(problem),
                _ => problem,
            })
    }

    /// A CA calls a signature bad when the account's key is another one by now.
    async fn unless_unknown(&self, failure: Failure) -> Problem {
        let may_be_key = matches!(
            failure.kind.as_deref(),
            Some("malformed" | "unauthorized" | "badPublicKey")
        );
        let Some(key) = self.key.as_ref().filter(|_| may_be_key) else {
            return failure.problem;
        };
        match key.is_unknown(&self.transport).await {
            true => Problem {
                class: Class::AccountGone,
                ..failure.problem
            },
            false => failure.problem,
        }
    }

    /// Takes up an order by its URL, however far it is.
    ///
    /// # Errors
    /// `Class::OrderGone` if the CA does not know it, does not give it to this account, or calls
    /// it invalid; and whatever else the CA or the way to it says.
    pub async fn resume(&self, url: &str) -> Result<PlacedOrder, Problem> {
        let order = persist!(self.account.order(url.to_owned()));
        let order = order.map_err(|failure| gone(of_order(failure)))?;
        let mut order = self.placed(order);
        if order.status() == OrderStatus::Invalid {
            let why = order.why_invalid().await;
            // A proof that was not believed counts at the CA, whoever reads of it.
            let class = match why.class {
                Class::Validation => Class::Validation,
                Class::Refused if why.cause == Some(Cause::Caa) => Class::Validation,
                _ => Class::OrderGone,
            };
            return Err(Problem { class, ..why });
        }
        Ok(order)
    }

    fn placed(&self, order: Order) -> PlacedOrder {
        PlacedOrder::new(order, self.account.key_thumbprint(), &self.transport)
    }

    /// When the CA wants the certificate renewed; none if it has no opinion on that ever.
    ///
    /// # Errors
    /// Whatever the CA or the way to it says; `Class::Network` for a window without sense.
    pub async fn renewal_info(&self, leaf_der: &[u8]) -> Result<Option<RenewalWindow>, Problem> {
        let Some(base) = &self.directory.renewal_info else {
            return Ok(None);
        };
        let url = format!("{}/{}", base.trim_end_matches('/'), ari_id(leaf_der)?);
        let answer = self.transport.get(&url).await?;
        RenewalWindow::parse(&answer, OffsetDateTime::now_utc()).map(Some)
    }

    /// Revokes a certificate of this account; one already revoked is no error.
    ///
    /// # Errors
    /// Whatever the CA or the way to it says.
    pub async fn revoke(&self, leaf_der: &[u8], reason: RevocationReason) -> Result<(), Problem> {
        let leaf = CertificateDer::from(leaf_der);
        let request = RevocationRequest {
            certificate: &leaf,
            reason: Some(reason),
        };
        match persist!(self.account.revoke(&request)) {
            Err(Failure {
                kind: Some(kind), ..
            }) if kind == "alreadyRevoked" => Ok(()),
            done => done.map_err(Problem::from),
        }
    }
}

fn identifier(host: &Host) -> Identifier {
    match host {
        Host::Address(address) => Identifier::Ip(*address),
        host => Identifier::Dns(host.to_string()),
    }
}

/// The words, because Boulder gives these faults any type (`ARI 'replaces' field`).
fn is_of_replaces(problem: &Problem) -> bool {
    problem.detail.to_ascii_lowercase().contains("replace")
}

fn not_replaceable(problem: Problem) -> Problem {
    Problem {
        class: Class::AlreadyReplaced,
        ..problem
    }
}

/// What would be a refusal of something new is, of an order that was placed, its end.
fn gone(problem: Problem) -> Problem {
    let class = match problem.class {
        Class::Refused | Class::Validation => Class::OrderGone,
        class => class,
    };
    Problem { class, ..problem }
}

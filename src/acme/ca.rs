//! A CA with ACME (RFC 8555), used through one account: orders, renewal information, revocation.
//!
//! Every failure is a `Problem` with a class, on which the schedule of the certificate acts.
//! `badNonce` becomes a failure only after 24 attempts in a row.

mod account;
pub(crate) mod accounts;
mod authorization;
mod detail;
mod directory;
mod document;
mod failure;
mod order;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a violated property panics")]
pub(crate) mod properties;
mod renewal_info;
mod retry;
mod sentence;
#[cfg(test)]
mod tests;
mod transport;

use instant_acme::{Account, Identifier, NewOrder, Order, RevocationRequest};
pub use instant_acme::{AuthorizationStatus, ChallengeStatus, OrderStatus, RevocationReason};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use self::{
    account::{AccountKey, Credentials, Registration},
    failure::Failure,
    retry::retry_bad_nonce,
    transport::Transport,
};
pub use self::{
    account::{AccountSettings, ExternalAccountBinding},
    authorization::{Authorization, Challenge},
    directory::{Directory, Meta},
    order::PlacedOrder,
    renewal_info::{RenewalWindow, ari_id},
};
use super::{
    https::HttpsClient,
    problem::{Cause, Class, Problem},
};
use crate::config::model::Host;

/// A CA, used through one account; cheap to clone.
#[derive(Clone)]
pub struct CaClient {
    account: Account,
    transport: Transport,
    directory: Directory,
    key: Option<AccountKey>,
}

impl CaClient {
    /// Reads the CA's directory and restores the account of the credentials.
    ///
    /// Without credentials, or with those of another CA, it registers an account and returns its
    /// credentials, a secret, for the store. A restored account is checked by its first order.
    ///
    /// # Errors
    /// `Class::AccountGone` for credentials that cannot be read, `Class::Refused` for an external
    /// account binding that is missing or wrong, and every problem of the CA or the connection.
    pub async fn connect(
        client: &HttpsClient,
        settings: &AccountSettings,
        credentials: Option<&[u8]>,
    ) -> Result<(Self, Option<Vec<u8>>), Problem> {
        let transport = Transport::new(client.clone());
        let directory = Directory::fetch(&transport, &settings.directory).await?;
        let registration = Registration::new(&transport, settings);
        let restored = match credentials {
            Some(credentials) => registration.restore(Credentials::new(credentials)).await?,
            None => None,
        };
        let (account, new) = match restored {
            Some(account) => (account, None),
            None => {
                let (account, credentials) = registration.register(&directory).await?;
                (account, Some(credentials))
            }
        };
        let credentials = new.as_deref().or(credentials).map(Credentials::new);
        let authority = Self {
            key: credentials.and_then(|credentials| credentials.key(&settings.directory)),
            account,
            transport,
            directory,
        };
        Ok((authority, new))
    }

    /// Returns the CA's directory.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Returns the URL of the account.
    #[must_use]
    pub fn account_url(&self) -> &str {
        self.account.id()
    }

    /// Returns the CA's clock minus this machine's by the last response, to the second.
    #[must_use]
    pub fn clock_skew(&self) -> Option<Duration> {
        self.transport.clock_skew()
    }

    /// Places an order for a certificate with the identifiers.
    ///
    /// `replaces` is the certificate in DER that the new one succeeds (RFC 9773, 5); it is left
    /// out for a CA without renewal information.
    ///
    /// # Errors
    /// `Class::AlreadyReplaced` for every fault of `replaces`, `Class::InvalidProfile`,
    /// `Class::AccountGone` also for an account with a changed key, and every problem of the CA or
    /// the connection.
    pub async fn place(
        &self,
        identifiers: &[Host],
        replaces: Option<&[u8]>,
        profile: Option<&str>,
    ) -> Result<PlacedOrder, Problem> {
        self.directory.check_profile(profile)?;
        let identifiers: Vec<_> = identifiers.iter().map(Identifier::from).collect();
        let mut new_order = NewOrder::new(&identifiers);
        if let Some(leaf) = replaces.filter(|_| self.directory.renewal_info.is_some()) {
            let certificate = renewal_info::certificate_identifier(leaf);
            let certificate =
                certificate.map_err(|problem| problem.with_class(Class::AlreadyReplaced))?;
            new_order = new_order.replaces(certificate);
        }
        if let Some(profile) = profile {
            new_order = new_order.profile(profile);
        }
        match retry_bad_nonce!(self.account.new_order(&new_order)) {
            Ok(order) => Ok(self.placed(order)),
            Err(failure) => Err(self.refusal(failure, replaces.is_some()).await),
        }
    }

    /// Classifies the refusal of a new order.
    async fn refusal(&self, failure: Failure, is_replacement: bool) -> Problem {
        let problem = self.detect_changed_key(failure).await;
        // Boulder reports faults of `replaces` under any type, so the text decides.
        let is_about_replaces = problem.detail.to_ascii_lowercase().contains("replace");
        match is_replacement && is_about_replaces {
            true => problem.with_class(Class::AlreadyReplaced),
            false => problem,
        }
    }

    /// Classifies a rejected signature as `Class::AccountGone` if the CA has no account of the key.
    async fn detect_changed_key(&self, failure: Failure) -> Problem {
        let may_be_key = matches!(
            failure.kind.as_deref(),
            Some("malformed" | "unauthorized" | "badPublicKey")
        );
        let Some(key) = self.key.as_ref().filter(|_| may_be_key) else {
            return failure.problem;
        };
        match key.is_unknown(&self.transport).await {
            true => failure.problem.with_class(Class::AccountGone),
            false => failure.problem,
        }
    }

    /// Resumes an order in any state by its URL.
    ///
    /// # Errors
    /// `Class::OrderGone` for an order that is unknown to the CA, of another account, or invalid;
    /// `Class::Validation` for one that is invalid after a failed validation; and every problem
    /// of the CA or the connection.
    pub async fn resume(&self, url: &str) -> Result<PlacedOrder, Problem> {
        let order = retry_bad_nonce!(self.account.order(url.to_owned()));
        let order = order.map_err(Failure::into_resumption_problem)?;
        let mut order = self.placed(order);
        if order.status() == OrderStatus::Invalid {
            let problem = order.invalid_reason().await;
            // The CA counts failed validations, also those read after a restart.
            let class = match problem.class {
                Class::Validation => Class::Validation,
                Class::Refused if problem.cause == Some(Cause::Caa) => Class::Validation,
                _ => Class::OrderGone,
            };
            return Err(problem.with_class(class));
        }
        Ok(order)
    }

    fn placed(&self, order: Order) -> PlacedOrder {
        PlacedOrder::new(order, self.account.key_thumbprint(), &self.transport)
    }

    /// Fetches the renewal window that the CA suggests (RFC 9773); none if the CA does not
    /// support renewal information.
    ///
    /// # Errors
    /// Every problem of the CA or the connection; `Class::Network` for a malformed window.
    pub async fn renewal_info(&self, leaf_der: &[u8]) -> Result<Option<RenewalWindow>, Problem> {
        let Some(base) = &self.directory.renewal_info else {
            return Ok(None);
        };
        let url = format!("{}/{}", base.trim_end_matches('/'), ari_id(leaf_der)?);
        RenewalWindow::parse(&self.transport.get(&url).await?, OffsetDateTime::now_utc()).map(Some)
    }

    /// Revokes a certificate of this account; a certificate revoked before is a success.
    ///
    /// # Errors
    /// Every problem of the CA or the connection.
    pub async fn revoke(&self, leaf_der: &[u8], reason: RevocationReason) -> Result<(), Problem> {
        let leaf = CertificateDer::from(leaf_der);
        let request = RevocationRequest {
            certificate: &leaf,
            reason: Some(reason),
        };
        match retry_bad_nonce!(self.account.revoke(&request)) {
            Err(Failure {
                kind: Some(kind), ..
            }) if kind == "alreadyRevoked" => Ok(()),
            revoked => revoked.map_err(Problem::from),
        }
    }
}

impl From<&Host> for Identifier {
    fn from(host: &Host) -> Self {
        match host {
            Host::Address(address) => Self::Ip(*address),
            host => Self::Dns(host.to_string()),
        }
    }
}

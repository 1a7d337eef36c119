//! The CAs of a certificate task: connection, profile, renewal information and clock.

use std::{borrow::Cow, mem, time::Duration};

use time::OffsetDateTime;
use tracing::{error, info};

use super::{CertificateTask, LONGEST};
use crate::{
    acme::{
        ca::{CaClient, RenewalWindow},
        problem::Problem,
        renewal::{Action, Order, Policy},
        store::history::{CaRole, Renewal},
    },
    config::model::{Ca, Host},
};

/// The CA of the last order, with its connection.
pub(super) struct LastIssuer {
    pub(super) ca: CaRole,
    pub(super) connected: CaClient,
}

/// Let's Encrypt's profile for certificates of six days.
const SHORT_LIVED: &str = "shortlived";

/// The directories of a CA and of its staging CA.
const STAGING: [(&str, &str); 1] = [(
    "https://acme-v02.api.letsencrypt.org/directory",
    "https://acme-staging-v02.api.letsencrypt.org/directory",
)];

impl CertificateTask {
    /// Connects to a CA and records its clock.
    ///
    /// # Errors
    /// A problem of the CA or of this machine.
    pub(super) async fn connect(&self, ca: CaRole) -> Result<CaClient, Problem> {
        let email = self.acme.email.as_deref();
        let connected = self.shared.accounts.connect(&self.ca(ca), email).await?;
        self.state().ca_ahead = connected.clock_skew();
        Ok(connected)
    }

    /// Returns the configuration of a CA.
    pub(super) fn ca(&self, ca: CaRole) -> Cow<'_, Ca> {
        let primary = &self.acme.authority;
        match (ca, &self.acme.fallback) {
            (CaRole::Fallback, Some(fallback)) => Cow::Borrowed(fallback),
            (CaRole::Staging, _) => staging(primary).map_or(Cow::Borrowed(primary), Cow::Owned),
            _ => Cow::Borrowed(primary),
        }
    }

    /// Returns the configuration that the schedule depends on.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            challenges: self.acme.challenges.clone(),
            fallback: self.acme.fallback.is_some(),
            staging: staging(&self.acme.authority).is_some(),
            profile: self.acme.profile.is_some(),
        }
    }

    /// Returns the profile of an order: the configured one, or for an IP address the only one that
    /// Let's Encrypt issues such certificates with.
    pub(super) fn profile(&self, order: &Order, ca: &CaClient) -> Option<String> {
        let configured = self.acme.profile.clone();
        if configured.is_some() {
            return configured.filter(|_| order.profile);
        }
        let is_address = |host: &Host| matches!(host, Host::Address(_));
        let has_address = self.hosts.iter().any(is_address);
        let offers = ca.directory().meta.profiles.contains_key(SHORT_LIVED);
        (has_address && offers).then(|| SHORT_LIVED.to_owned())
    }

    /// Requests and records the renewal information of the served certificate.
    pub(super) async fn poll_renewal_info(&self) -> Duration {
        let leaf = self.state().leaf();
        let issuer = self.state().issuer(&self.acme);
        let (Some(leaf), Some(issuer)) = (leaf, issuer) else {
            return Duration::ZERO;
        };
        let polled = async {
            let ca = match self.take_last_issuer(issuer) {
                Some(connected) => connected,
                None => self.connect(issuer).await?,
            };
            ca.renewal_info(&leaf).await
        };
        self.record_renewal_info(polled.await);
        Duration::ZERO
    }

    /// Takes the connection of the last order, if it was to this CA.
    fn take_last_issuer(&self, ca: CaRole) -> Option<CaClient> {
        let issuer = self.lock_last_issuer().take()?;
        (issuer.ca == ca).then_some(issuer.connected)
    }

    fn record_renewal_info(&self, polled: Result<Option<RenewalWindow>, Problem>) {
        let now = OffsetDateTime::now_utc();
        let position = self.state().position_in_window();
        match polled {
            Ok(Some(window)) => self.record(|history| {
                let bounds = (window.start, window.end);
                let renewal = Renewal::choose(bounds, position, window.explanation_url, now);
                history.record_renewal(renewal, Some(window.poll_again));
            }),
            Ok(None) => self.state().lacks_renewal_info = true,
            Err(problem) => {
                let name = &self.name;
                info!("{name}: the CA sends no renewal information: {problem}");
                self.record(|history| history.record_poll_failed(now, problem.retry_after));
            }
        }
    }

    /// Logs once that the clock is wrong, and measures it against the CA's again.
    pub(super) async fn check_clock(&self, sentence: &str) -> Duration {
        if !mem::replace(&mut self.state().is_clock_logged, true) {
            error!("{}: {sentence}", self.name);
        }
        if self.connect(CaRole::Primary).await.is_err() {
            self.state().ca_ahead = None;
        }
        match self.next_action(OffsetDateTime::now_utc()) {
            Action::ClockWrong { .. } => LONGEST,
            _ => Duration::ZERO,
        }
    }
}

/// Returns the staging CA of a CA that has one.
fn staging(ca: &Ca) -> Option<Ca> {
    let (_, staging) = STAGING
        .iter()
        .find(|(directory, _)| *directory == ca.directory)?;
    Some(Ca {
        directory: (*staging).to_owned(),
        root: ca.root.clone(),
        eab: None,
    })
}

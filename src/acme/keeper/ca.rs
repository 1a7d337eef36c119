//! A keeper and the CAs: which one, as whom, and what it says of time and renewal.

use std::{borrow::Cow, time::Duration};

use time::OffsetDateTime;
use tracing::{error, info};

use super::{Keeper, LONGEST};
use crate::{
    acme::{
        authority::{CertificateAuthority, RenewalWindow},
        history::{Ca, Renewal},
        problem::Problem,
        renewal::{Action, Order, Policy},
    },
    config::model::{Authority, Host},
};

/// Let's Encrypt's profile of six days.
const FOR_ADDRESSES: &str = "shortlived";

const STAGING: [(&str, &str); 1] = [(
    "https://acme-v02.api.letsencrypt.org/directory",
    "https://acme-staging-v02.api.letsencrypt.org/directory",
)];

impl Keeper {
    pub(super) async fn connect(&self, ca: Ca) -> Result<CertificateAuthority, Problem> {
        let email = self.acme.email.as_deref();
        let connected = self.shared.accounts.connect(&self.ca(ca), email).await?;
        self.memory().ca_ahead = connected.clock_skew();
        Ok(connected)
    }

    pub(super) fn ca(&self, ca: Ca) -> Cow<'_, Authority> {
        let primary = &self.acme.authority;
        match (ca, &self.acme.fallback) {
            (Ca::Fallback, Some(fallback)) => Cow::Borrowed(fallback),
            (Ca::Staging, _) => staging(primary).map_or(Cow::Borrowed(primary), Cow::Owned),
            _ => Cow::Borrowed(primary),
        }
    }

    pub(super) fn policy(&self) -> Policy {
        Policy {
            challenges: self.acme.challenges.clone(),
            fallback: self.acme.fallback.is_some(),
            staging: staging(&self.acme.authority).is_some(),
            profile: self.acme.profile.is_some(),
        }
    }

    /// The configured profile; for an address the only one that Let's Encrypt certifies it by.
    pub(super) fn profile(
        &self,
        order: &Order,
        authority: &CertificateAuthority,
    ) -> Option<String> {
        let configured = self.acme.profile.clone();
        if configured.is_some() {
            return configured.filter(|_| order.profile);
        }
        let has_address = self
            .hosts
            .iter()
            .any(|host| matches!(host, Host::Address(_)));
        let offers = authority
            .directory()
            .meta
            .profiles
            .contains_key(FOR_ADDRESSES);
        (has_address && offers).then(|| FOR_ADDRESSES.to_owned())
    }

    /// Asks the CA when it wants the certificate renewed.
    pub(super) async fn poll_renewal_info(&self) -> Duration {
        let leaf = self.memory().leaf();
        let issuer = self.memory().issuer(&self.acme);
        let (Some(leaf), Some(issuer)) = (leaf, issuer) else {
            return Duration::ZERO;
        };
        let asked = async {
            let authority = match self.take_issuer(issuer) {
                Some(authority) => authority,
                None => self.connect(issuer).await?,
            };
            authority.renewal_info(&leaf).await
        };
        self.take_up_renewal_info(asked.await);
        Duration::ZERO
    }

    /// The CA as the last order reached it, once.
    fn take_issuer(&self, ca: Ca) -> Option<CertificateAuthority> {
        let issuer = self.lock_issuer().take()?;
        (issuer.0 == ca).then_some(issuer.1)
    }

    fn take_up_renewal_info(&self, asked: Result<Option<RenewalWindow>, Problem>) {
        let now = OffsetDateTime::now_utc();
        let place = self.memory().place_in_window();
        match asked {
            Ok(Some(window)) => self.record(|history| {
                let bounds = (window.start, window.end);
                let renewal = Renewal::choose(bounds, place, window.explanation_url, now);
                history.record_renewal(renewal, Some(window.poll_again));
            }),
            Ok(None) => self.memory().no_renewal_info = true,
            Err(problem) => {
                info!(
                    "{}: the CA does not say when to renew: {problem}",
                    self.name
                );
                self.record(|history| history.record_poll_failed(now, problem.retry_after));
            }
        }
    }

    /// Tells that the clock is wrong, and looks whether the CA's still is ahead or behind.
    pub(super) async fn ask_the_time(&self, sentence: &str) -> Duration {
        if !std::mem::replace(&mut self.memory().clock_told, true) {
            error!("{}: {sentence}", self.name);
        }
        if self.connect(Ca::Primary).await.is_err() {
            self.memory().ca_ahead = None;
        }
        match self.next(OffsetDateTime::now_utc()) {
            Action::ClockWrong { .. } => LONGEST,
            _ => Duration::ZERO,
        }
    }
}

/// The staging CA of a CA that has one.
fn staging(authority: &Authority) -> Option<Authority> {
    let (_, staging) = STAGING
        .iter()
        .find(|(real, _)| *real == authority.directory)?;
    Some(Authority {
        directory: (*staging).to_owned(),
        root: authority.root.clone(),
        eab: None,
    })
}

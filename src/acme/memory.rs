//! What a keeper knows of its certificate between two looks, and what that comes to.

use aws_lc_rs::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use tracing::warn;

use super::{
    history::{Ca, History},
    private_key::PrivateKey,
    renewal::{self, Action, Held, Order, Policy},
    set::CertificateSet,
    state::{Standing, State, Told},
    store::Store,
};
use crate::{
    config::model::{Acme, Host},
    tls::Certified,
};

/// What a keeper knows of its certificate.
pub(super) struct Memory {
    name: String,
    pub(super) history: History,
    /// The certificate that is served.
    pub(super) kept: Option<Kept>,
    /// Whether it is in memory only.
    pub(super) unsaved: bool,
    /// How far the CA's clock is ahead of ours, as it last said.
    pub(super) ca_ahead: Option<Duration>,
    /// Whether it was told that the clock is wrong.
    pub(super) clock_told: bool,
    /// Whether it was told that the renewal is late.
    pub(super) alarmed: bool,
    /// What was last told of the disk.
    pub(super) warned: Option<String>,
    /// Whether the CA never says when to renew.
    pub(super) no_renewal_info: bool,
}

/// The certificate that is served, and what is asked of it often.
pub(super) struct Kept {
    pub(super) set: CertificateSet,
    leaf: Vec<u8>,
    issuer: Option<String>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Kept {
    pub(super) fn of(set: CertificateSet, certified: &Certified) -> Self {
        Self {
            set,
            leaf: certified.leaf().to_vec(),
            issuer: certified.issuer(),
            not_before: certified.not_before,
            not_after: certified.not_after,
        }
    }
}

impl Memory {
    pub(super) fn load(store: &dyn Store, name: &str, now: OffsetDateTime) -> Self {
        let history = History::load(store, name, now)
            .inspect_err(|fault| warn!("{fault}"))
            .unwrap_or_default();
        Self {
            name: name.to_owned(),
            history,
            kept: None,
            unsaved: false,
            ca_ahead: None,
            clock_told: false,
            alarmed: false,
            warned: None,
            no_renewal_info: false,
        }
    }

    /// What the scheduler goes by.
    pub(super) fn standing(&self, hosts: &[Host], acme: &Acme) -> renewal::Standing {
        let kept = self.kept.as_ref();
        let issuer = self.issuer(acme);
        renewal::Standing {
            certificate: kept.map(|kept| Held {
                not_before: kept.not_before,
                not_after: kept.not_after,
                issuer,
                renewal_info: issuer.is_some() && !self.no_renewal_info,
            }),
            names_match: kept.is_some_and(|kept| same(&kept.set.meta.identifiers, hosts)),
            in_flight: false,
            jitter: self.jitter(),
            ca_ahead: self.ca_ahead,
        }
    }

    /// How to order now because a person asks.
    ///
    /// # Errors
    /// Why the CA would take it amiss.
    pub(super) fn asked(
        &self,
        now: OffsetDateTime,
        hosts: &[Host],
        policy: &Policy,
        acme: &Acme,
    ) -> Result<Order, String> {
        let standing = self.standing(hosts, acme);
        renewal::asked(now, &standing, &self.history, policy)
    }

    /// The same for a trial, which nothing holds back.
    pub(super) fn order_now(&self, hosts: &[Host], policy: &Policy, acme: &Acme) -> Order {
        let standing = self.standing(hosts, acme);
        renewal::order(&standing, &self.history, policy)
    }

    /// Which of the CAs issued what is served.
    pub(super) fn issuer(&self, acme: &Acme) -> Option<Ca> {
        let directory = &self.kept.as_ref()?.set.meta.directory;
        let fallback = acme.fallback.as_ref();
        if *directory == acme.authority.directory {
            return Some(Ca::Primary);
        }
        let is_fallback = fallback.is_some_and(|other| other.directory == *directory);
        is_fallback.then_some(Ca::Fallback)
    }

    /// The certificate that is served, without its chain, in DER.
    pub(super) fn leaf(&self) -> Option<Vec<u8>> {
        self.kept.as_ref().map(|kept| kept.leaf.clone())
    }

    /// When what is served came; none while nothing has.
    pub(super) fn issued_at(&self) -> Option<OffsetDateTime> {
        self.kept.as_ref().map(|kept| kept.set.meta.issued_at)
    }

    /// Whether a set is another than what is served.
    pub(super) fn is_other(&self, set: &CertificateSet) -> bool {
        let key = |kept: &Kept| kept.set.key == set.key && kept.set.chain_pem == set.chain_pem;
        !self.kept.as_ref().is_some_and(key)
    }

    /// Where in the window that the CA suggests this set renews, from 0 to 1.
    pub(super) fn place_in_window(&self) -> f64 {
        f64::midpoint(self.jitter(), 1.0)
    }

    /// How the certificate stands.
    pub(super) fn state(
        &self,
        now: OffsetDateTime,
        hosts: &[Host],
        policy: &Policy,
        acme: &Acme,
    ) -> State {
        let standing = self.standing(hosts, acme);
        let action = renewal::next(now, &standing, &self.history, policy);
        let failed = self.history.last_failure().is_some();
        let kept = self.kept.as_ref();
        let (next, next_at) = next(&action, failed, kept.is_some());
        State {
            name: self.name.clone(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            standing: self.stands(now, &standing, &action),
            issuer: kept.and_then(|kept| kept.issuer.clone()),
            ends: kept.map(|kept| kept.not_after),
            days_left: kept.map(|kept| days(kept.not_after - now)),
            next,
            next_at,
            problem: self.problem(&action, now),
        }
    }

    fn stands(
        &self,
        now: OffsetDateTime,
        standing: &renewal::Standing,
        action: &Action,
    ) -> Standing {
        match &self.kept {
            None => Standing::Missing,
            Some(kept) if kept.not_after <= now => Standing::Ended,
            _ if renewal::overdue(now, standing, &self.history) => Standing::Overdue,
            _ if matches!(action, Action::Order(_)) => Standing::Due,
            _ if self.history.last_failure().is_some() => Standing::Due,
            _ => Standing::Valid,
        }
    }

    fn problem(&self, action: &Action, now: OffsetDateTime) -> Option<Told> {
        if let Action::ClockWrong { sentence } = action {
            return Some(Told {
                at: now,
                class: super::problem::Class::Provider,
                sentence: sentence.clone(),
            });
        }
        let failure = self.history.last_failure()?;
        Some(Told {
            at: failure.at,
            class: failure.problem.class,
            sentence: failure.sentence.clone(),
        })
    }

    /// From -1 to 1, always the same for a name.
    fn jitter(&self) -> f64 {
        let hash = digest(&SHA256, self.name.as_bytes());
        let byte = hash.as_ref().first().copied().unwrap_or_default();
        f64::from(byte) / 127.5 - 1.0
    }
}

fn next(action: &Action, failed: bool, kept: bool) -> (String, Option<OffsetDateTime>) {
    let what = match (failed, kept) {
        (true, _) => "another try",
        (false, true) => "renewal",
        (false, false) => "an order",
    };
    match action {
        Action::Order(_) => (what.into(), None),
        Action::PollRenewalInfo => ("asking the CA when to renew".into(), None),
        Action::Wait { until, .. } => (what.into(), Some(*until)),
        Action::ClockWrong { .. } => ("waiting for the right time".into(), None),
    }
}

fn days(span: Duration) -> i64 {
    span.whole_seconds().div_euclid(24 * 3600)
}

/// Whether two lists have the same hosts, in whatever order.
fn same(one: &[Host], other: &[Host]) -> bool {
    one.len() == other.len() && one.iter().all(|host| other.contains(host))
}

impl super::journal::OrderEntry {
    /// Whether the order is for a certificate of this key.
    pub(super) fn is_of(&self, key: &PrivateKey) -> bool {
        matches!(&self.step, super::journal::Step::Finalizing { key: ours, .. } if ours == key)
    }
}

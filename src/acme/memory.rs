//! What a keeper knows of its certificate between two looks, and what that comes to.

mod kept;

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use tracing::warn;

pub(super) use self::kept::Kept;
use super::{
    history::{Ca, History},
    private_key::PrivateKey,
    problem::Class,
    renewal::{self, Action, Held, Order, Policy},
    set::CertificateSet,
    state::{Standing, State, Told},
    store::Store,
};
use crate::{
    config::model::{Acme, Host},
    tls::SystemRoots,
};

/// What a keeper knows of its certificate.
pub(super) struct Memory {
    name: String,
    pub(super) history: History,
    /// The certificate that is served.
    pub(super) kept: Option<Kept>,
    /// Whether it is in memory only.
    pub(super) unsaved: bool,
    /// Whether it was on disk when last looked at.
    pub(super) was_on_disk: bool,
    /// Whether the history is in memory only.
    pub(super) history_unsaved: bool,
    /// How far the CA's clock is ahead of ours, as it last said.
    pub(super) ca_ahead: Option<Duration>,
    /// Whether it was told that the clock is wrong.
    pub(super) clock_told: bool,
    /// Whether it was told that the renewal is late.
    pub(super) alarmed: bool,
    /// The last fault of each kind of work on the disk, until that succeeds.
    pub(super) warned: HashMap<Work, String>,
    /// Whether the CA never says when to renew.
    pub(super) no_renewal_info: bool,
}

/// The kinds of work on the files of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    ReadCertificate,
    WriteCertificate,
    RemoveOrder,
    WriteHistory,
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
            was_on_disk: false,
            history_unsaved: false,
            ca_ahead: None,
            clock_told: false,
            alarmed: false,
            warned: HashMap::new(),
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
            names_match: kept.is_some_and(|kept| {
                let meta = &kept.set.meta;
                // Of a CA that is not configured any more, such as a staging CA; certbot's is none.
                let is_ours = issuer.is_some() || meta.directory.is_empty();
                is_ours && same(&meta.identifiers, hosts)
            }),
            in_flight: false,
            jitter: self.jitter(),
            ca_ahead: self.ca_ahead,
        }
    }

    /// Whether a fault is new since the work last went well; then it is remembered.
    pub(super) fn is_news(&mut self, work: Work, fault: &str) -> bool {
        let before = self.warned.insert(work, fault.to_owned());
        before.as_deref() != Some(fault)
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

    /// Takes up that what is served is on disk.
    pub(super) fn is_on_disk(&mut self) {
        (self.unsaved, self.was_on_disk) = (false, true);
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

    /// The same with the CA that issued it; none if that is not configured.
    pub(super) fn leaf_of(&self, acme: &Acme) -> Option<(Vec<u8>, Ca)> {
        self.leaf().zip(self.issuer(acme))
    }

    /// The key of what is served.
    pub(super) fn key(&self) -> Option<PrivateKey> {
        self.kept.as_ref().map(|kept| kept.set.key.clone())
    }

    /// When what is served came, if the history does not know of it.
    pub(super) fn unrecorded(&self) -> Option<OffsetDateTime> {
        let issued_at = self.kept.as_ref()?.set.meta.issued_at;
        let last = self.history.last_success();
        last.is_none_or(|last| last.at < issued_at)
            .then_some(issued_at)
    }

    /// Whether a certificate is needed so much that it is got even where nothing can be kept.
    pub(super) fn is_urgent(&self, now: OffsetDateTime) -> bool {
        let last_quarter = |kept: &Kept| kept.not_after - (kept.not_after - kept.not_before) / 4;
        self.kept
            .as_ref()
            .is_none_or(|kept| now > last_quarter(kept))
    }

    /// What other programs are to have, unless that failed a moment ago.
    pub(super) fn to_export(&self, now: OffsetDateTime) -> Option<CertificateSet> {
        let kept = self.kept.as_ref()?;
        let delivery = self.history.delivery();
        let is_due = delivery.is_none_or(|delivery| delivery.is_due(now));
        is_due.then(|| kept.set.clone())
    }

    /// The reason for which other programs lack their copies.
    fn undelivered(&self) -> Option<Told> {
        let (at, sentence) = self.history.delivery()?.failure()?;
        Some(Told {
            at,
            class: Class::Local,
            sentence: sentence.to_owned(),
        })
    }

    /// Whether a set began later than what is served, or nothing is.
    pub(super) fn is_older_than(&self, set: &CertificateSet, roots: &SystemRoots) -> bool {
        let Some(kept) = &self.kept else { return true };
        let certified = set.certified(roots);
        certified.is_ok_and(|it| it.not_before > kept.not_before)
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
        let due = renewal::due(now, &standing, &self.history);
        let (next, next_at) = next(&action, failed, kept.is_some(), due);
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
            undelivered: acme.export.as_ref().and_then(|_| self.undelivered()),
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
                class: Class::Local,
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
        let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
        f64::from(u32::from_be_bytes(first)) / (f64::from(u32::MAX) / 2.0) - 1.0
    }
}

fn next(
    action: &Action,
    failed: bool,
    kept: bool,
    due: OffsetDateTime,
) -> (String, Option<OffsetDateTime>) {
    let what = match (failed, kept) {
        (true, _) => "another try",
        (false, true) => "renewal",
        (false, false) => "an order",
    };
    match action {
        Action::Order(_) => (what.into(), None),
        Action::PollRenewalInfo => ("asking the CA when to renew".into(), None),
        // Before that, the CA may be asked whether it is to be earlier.
        Action::Wait { until, .. } => (
            what.into(),
            Some(if failed { *until } else { due.max(*until) }),
        ),
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

//! The next attempt: its CA, its first challenge, and its earliest moment.

use time::{Duration, OffsetDateTime};

use super::{Order, Schedule};
use crate::{
    acme::{
        problem::Class,
        store::history::{CaRole, Failure},
    },
    config::model::ChallengeKind,
};

/// The next attempt.
pub(super) struct Attempt {
    pub(super) order: Order,
    /// The earliest moment after earlier failures.
    pub(super) earliest: Option<OffsetDateTime>,
}

/// A CA for the next attempt, with the end of its backoff.
struct Candidate {
    ca: CaRole,
    earliest: Option<OffsetDateTime>,
}

/// Consecutive failures of the primary CA itself after which the fallback CA is tried.
const TROUBLES: usize = 3;
/// Time since the first of fewer such failures, after which the fallback CA is tried as well.
const TROUBLED: Duration = Duration::hours(1);
/// Failed validations after which the staging CA is tried before the primary CA.
const BEFORE_PROBE: usize = 3;
/// Failed probes after which the primary CA is tried again: the staging CA may be wrong too.
const PROBES: usize = 3;

impl Schedule<'_> {
    /// Computes the next attempt for a certificate that is due.
    pub(super) fn next_attempt(&self) -> Attempt {
        let candidate = self.choose_ca();
        let waits = [candidate.earliest, self.validation_backoff()];
        Attempt {
            order: self.order(candidate.ca),
            earliest: waits.into_iter().flatten().max(),
        }
    }

    fn choose_ca(&self) -> Candidate {
        let primary = self.candidate(CaRole::Primary);
        let Some(troubled) = self.troubled_at().filter(|_| self.policy.fallback) else {
            return primary;
        };
        if self.now < troubled {
            return Candidate {
                earliest: primary.earliest.map(|until| until.min(troubled)),
                ..primary
            };
        }
        let fallback = self.candidate(CaRole::Fallback);
        let ready = |candidate: &Candidate| {
            let earliest = candidate.earliest;
            earliest.map_or(self.now, |until| until.max(self.now))
        };
        let last = self.history.last_failure();
        let was_fallback = last.is_some_and(|last| last.ca == CaRole::Fallback);
        let (first, second) = (ready(&primary), ready(&fallback));
        if first < second || first == second && was_fallback {
            return primary;
        }
        fallback
    }

    fn candidate(&self, ca: CaRole) -> Candidate {
        let earliest = self.backoff_at(ca);
        Candidate { ca, earliest }
    }

    /// Returns the moment from which the fallback CA is tried; none unless the last failure at the
    /// primary CA was its own.
    fn troubled_at(&self) -> Option<OffsetDateTime> {
        let at_primary = self
            .history
            .unsettled()
            .filter(|failure| failure.ca == CaRole::Primary);
        let is_trouble = |failure: &&Failure| failure.is_of_ca();
        let troubles: Vec<_> = at_primary.rev().take_while(is_trouble).collect();
        let first = troubles.last()?.at;
        match troubles.len() < TROUBLES {
            true => Some(first.saturating_add(TROUBLED)),
            false => Some(first),
        }
    }

    /// Returns the order to place at a CA, or at its staging CA first.
    pub(super) fn order(&self, ca: CaRole) -> Order {
        let certificate = self.renewable();
        let is_issuer = certificate
            .is_some_and(|certificate| certificate.renewal_info && certificate.issuer == Some(ca));
        let is_unseen = |class| self.history.consecutive(ca, class) == 0;
        let is_probe = ca == CaRole::Primary && self.policy.staging && self.needs_probe();
        Order {
            ca: if is_probe { CaRole::Staging } else { ca },
            replaces: is_issuer && !is_probe && is_unseen(Class::AlreadyReplaced),
            profile: self.policy.profile && is_unseen(Class::InvalidProfile),
            challenges: self.challenges(),
        }
    }

    /// Returns true if the staging CA is to be tried before the primary CA.
    fn needs_probe(&self) -> bool {
        let failed = self.history.consecutive(CaRole::Primary, Class::Validation);
        let is_real = |failure: &Failure| failure.ca == CaRole::Primary && failure.is_validation();
        let since = self
            .history
            .unsettled()
            .rev()
            .take_while(|failure| !is_real(failure));
        let probes: Vec<_> = since
            .filter(|failure| failure.ca == CaRole::Staging)
            .collect();
        let could_run = probes.iter().all(|probe| probe.is_of_challenge());
        failed >= BEFORE_PROBE && !self.history.probe_passed() && could_run && probes.len() < PROBES
    }

    /// Returns the challenges in order of preference: the last successful one first. After a failed
    /// challenge the order is rotated, so that the failed one is last.
    fn challenges(&self) -> Vec<ChallengeKind> {
        let mut challenges = self.policy.challenges.clone();
        if let Some(worked) = self.history.worked() {
            challenges.sort_by_key(|kind| *kind != worked);
        }
        let failures = self.history.unsettled().rev();
        let failed = failures
            .filter(|failure| failure.is_of_challenge())
            .find_map(|failure| failure.challenge);
        let place = challenges.iter().position(|kind| Some(*kind) == failed);
        if let Some(place) = place {
            challenges.rotate_left(place + 1);
        }
        challenges
    }
}

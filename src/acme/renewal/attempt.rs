//! How the next attempt is made: at which CA, with which challenge first, and when.

use time::{Duration, OffsetDateTime};

use super::{
    Order, Policy, Standing,
    backoff::{self, HeldBack},
};
use crate::{
    acme::{
        history::{Ca, Failure, History},
        problem::Class,
    },
    config::model::ChallengeKind,
};

/// The next attempt, and what it has to wait for.
pub(super) struct Attempt {
    pub(super) order: Order,
    pub(super) held_back: Option<HeldBack>,
}

/// So many failures of a CA itself, or so long with them, and the other one is tried.
const TROUBLES: usize = 3;
const TROUBLED: Duration = Duration::hours(1);
/// After so many failed validations the staging CA is tried before the real one.
const BEFORE_PROBE: usize = 3;
/// The staging CA may be wrong too: after so many failed probes the real one is tried.
const PROBES: usize = 3;

/// The next attempt for a set that is due.
pub(super) fn next(
    now: OffsetDateTime,
    standing: &Standing,
    history: &History,
    policy: &Policy,
) -> Attempt {
    let (ca, held_back) = choose_ca(now, standing, history, policy);
    let everywhere = backoff::everywhere(now, history);
    let held_back = held_back.into_iter().chain(everywhere);
    Attempt {
        order: order(ca, standing, history, policy),
        held_back: held_back.max_by_key(|held_back| held_back.until),
    }
}

fn choose_ca(
    now: OffsetDateTime,
    standing: &Standing,
    history: &History,
    policy: &Policy,
) -> (Ca, Option<HeldBack>) {
    let primary = backoff::at_ca(Ca::Primary, standing, history);
    let Some(troubled) = troubled_at(history).filter(|_| policy.fallback) else {
        return (Ca::Primary, primary);
    };
    if now < troubled {
        return (
            Ca::Primary,
            primary.map(|held_back| held_back.until_at_most(troubled)),
        );
    }
    let fallback = backoff::at_ca(Ca::Fallback, standing, history);
    let ready = |held_back: &Option<HeldBack>| {
        let until = held_back.as_ref().map(|held_back| held_back.until);
        until.map_or(now, |until| until.max(now))
    };
    let was_fallback = history
        .last_failure()
        .is_some_and(|last| last.ca == Ca::Fallback);
    let (first, second) = (ready(&primary), ready(&fallback));
    if first < second || first == second && was_fallback {
        return (Ca::Primary, primary);
    }
    (Ca::Fallback, fallback)
}

/// When the primary CA itself, not our proof, has failed for long enough; none if it does not.
fn troubled_at(history: &History) -> Option<OffsetDateTime> {
    let is_trouble = |failure: &&Failure| {
        matches!(
            failure.problem.class,
            Class::Network | Class::RateLimited | Class::Paused | Class::Refused
        )
    };
    let at_primary = history
        .unsettled()
        .filter(|failure| failure.ca == Ca::Primary);
    let troubles: Vec<_> = at_primary.rev().take_while(is_trouble).collect();
    let first = troubles.last()?.at;
    match troubles.len() < TROUBLES {
        true => Some(first.saturating_add(TROUBLED)),
        false => Some(first),
    }
}

pub(super) fn order(ca: Ca, standing: &Standing, history: &History, policy: &Policy) -> Order {
    let held = standing.certificate.filter(|_| standing.names_match);
    let is_its_issuer = held.is_some_and(|held| held.renewal_info && held.issuer == Some(ca));
    let has_not = |class| history.consecutive(ca, class) == 0;
    let is_probe = ca == Ca::Primary && policy.staging && needs_probe(history);
    Order {
        ca: if is_probe { Ca::Staging } else { ca },
        replaces: is_its_issuer && !is_probe && has_not(Class::AlreadyReplaced),
        profile: policy.profile && has_not(Class::InvalidProfile),
        challenges: challenges(history, policy),
    }
}

fn needs_probe(history: &History) -> bool {
    let failed = history.consecutive(Ca::Primary, Class::Validation);
    let is_real = |failure: &Failure| failure.ca == Ca::Primary && failure.is_validation();
    let since = history
        .unsettled()
        .rev()
        .take_while(|failure| !is_real(failure));
    let probes: Vec<_> = since.filter(|failure| failure.ca == Ca::Staging).collect();
    let could_run = probes.iter().all(|probe| backoff::is_about_proof(probe));
    failed >= BEFORE_PROBE && !history.probe_passed() && could_run && probes.len() < PROBES
}

/// What worked comes first; what has just failed comes last.
fn challenges(history: &History, policy: &Policy) -> Vec<ChallengeKind> {
    let mut challenges = policy.challenges.clone();
    if let Some(worked) = history.worked() {
        challenges.sort_by_key(|kind| *kind != worked);
    }
    let proofs = history
        .unsettled()
        .rev()
        .filter(|failure| backoff::is_about_proof(failure));
    let failed = proofs.filter_map(|failure| failure.challenge).next();
    let place = challenges.iter().position(|kind| Some(*kind) == failed);
    if let Some(place) = place {
        challenges.rotate_left(place + 1);
    }
    challenges
}

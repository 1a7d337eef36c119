//! The schedule at single moments and over simulated years.

mod moments;
mod simulation;
mod waits;

use time::macros::datetime;

use super::*;
use crate::acme::{
    problem::{Class, Problem},
    store::history::{Failure, Renewal, Success},
};

const BEGIN: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);
const LIFE: Duration = Duration::days(90);

fn certificate(life: Duration) -> ObservedCertificate {
    ObservedCertificate {
        not_before: BEGIN,
        not_after: BEGIN + life,
        issuer: Some(CaRole::Primary),
        renewal_info: false,
    }
}

fn observed(certificate: Option<ObservedCertificate>) -> ObservedState {
    ObservedState {
        certificate,
        names_match: true,
        jitter: 0.0,
        ca_ahead: None,
    }
}

fn policy() -> Policy {
    Policy {
        challenges: vec![
            ChallengeKind::Http01,
            ChallengeKind::TlsAlpn01,
            ChallengeKind::Dns01,
        ],
        fallback: false,
        staging: false,
        profile: false,
    }
}

fn failure(at: OffsetDateTime, class: Class, ca: CaRole) -> Failure {
    let challenge = Some(ChallengeKind::Http01);
    Failure::new(at, Problem::new(class, "the CA's words"), ca, challenge)
}

fn failure_with_retry_after(
    at: OffsetDateTime,
    class: Class,
    retry_after: OffsetDateTime,
) -> Failure {
    let mut failure = failure(at, class, CaRole::Primary);
    failure.problem.retry_after = Some(retry_after);
    failure
}

fn history(failures: impl IntoIterator<Item = Failure>) -> History {
    let mut history = History::default();
    failures
        .into_iter()
        .for_each(|failure| history.record_failure(failure));
    history
}

fn next(
    now: OffsetDateTime,
    observed: &ObservedState,
    history: &History,
    policy: &Policy,
) -> Action {
    let schedule = Schedule {
        now,
        observed: observed.clone(),
        history,
        policy: policy.clone(),
    };
    schedule.next_action()
}

/// Returns the moment to wait for, or `now` for an order.
fn order_at(
    now: OffsetDateTime,
    observed: &ObservedState,
    history: &History,
    policy: &Policy,
) -> OffsetDateTime {
    match next(now, observed, history, policy) {
        Action::Order(_) => now,
        Action::Wait { until } => until,
        other => panic!("{other:?}"),
    }
}

fn order(
    now: OffsetDateTime,
    observed: &ObservedState,
    history: &History,
    policy: &Policy,
) -> Order {
    match next(now, observed, history, policy) {
        Action::Order(order) => order,
        other => panic!("{other:?}"),
    }
}

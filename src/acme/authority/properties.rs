//! Whatever a CA answers becomes a word, a problem or a moment that can be told, kept and waited
//! for; it never ends the schedule.

use http::{HeaderMap, HeaderValue, Response, header::RETRY_AFTER};
use instant_acme::{AuthorizationState, Error, OrderState};
use serde::{Serialize, de::DeserializeOwned};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{
    Authorization, Directory, RenewalWindow, authorization::disbelief, failure::Failure,
    order::of_order, transport,
};
use crate::{
    acme::{
        diagnosis::Diagnosis,
        history::{Ca, History, Renewal},
        problem::{Class, Problem},
        renewal::{Action, ObservedCertificate, ObservedState, Policy, Schedule},
    },
    config::model::{ChallengeKind, Host},
};

const NOW: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);
const STATUSES: [u16; 8] = [200, 400, 403, 404, 410, 429, 500, 503];
/// The most that is kept of what a CA says, in characters; ours may come before it.
const LENGTH: usize = 1100;
/// What instant-acme is let wait for, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// The first byte tells what is answered and with which status; then comes `Retry-After` to the
/// end of its line, and then the body.
pub fn acme_answer(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    let line = rest
        .iter()
        .position(|it| *it == b'\n')
        .unwrap_or(rest.len());
    let (wait, body) = (&rest[..line], rest.get(line + 1..).unwrap_or_default());
    let status = STATUSES[usize::from(kind / 8) % STATUSES.len()];
    let mut answer = Response::new(body);
    *answer.status_mut() = status.try_into().unwrap_or_default();
    if let Ok(wait) = HeaderValue::from_bytes(wait) {
        answer.headers_mut().insert(RETRY_AFTER, wait);
    }
    can_be_waited_for(answer.headers());
    match kind % 5 {
        0 => directory(body),
        1 => authorization(body),
        2 => order(body),
        3 => problem(&answer),
        _ => renewal_info(&answer),
    }
}

/// instant-acme adds the seconds to the clock.
fn can_be_waited_for(headers: &HeaderMap) {
    let mut headers = headers.clone();
    transport::shorten_wait(&mut headers);
    let wait = headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    let seconds = wait.and_then(|it| it.trim().parse::<u64>().ok());
    assert!(seconds.is_none_or(|seconds| seconds <= LONGEST));
}

fn directory(body: &[u8]) {
    let Ok(directory) = serde_json::from_slice::<Directory>(body) else {
        return;
    };
    for profile in directory.meta.profiles.keys() {
        assert_eq!(directory.check_profile(Some(profile)), Ok(()));
    }
    if let Err(problem) = directory.check_profile(Some("no such profile")) {
        can_be_told(&problem);
    }
}

fn authorization(body: &[u8]) {
    let Ok(state) = serde_json::from_slice::<AuthorizationState>(body) else {
        return;
    };
    let Some(authorization) = Authorization::of(&state, "thumbprint") else {
        return;
    };
    for challenge in &authorization.challenges {
        let text = challenge.dns_value();
        assert!(text.len() == 43 && !text.contains(['=', '+', '/']));
        assert!(challenge.key_authorization.ends_with(".thumbprint"));
    }
    if let Some(problem) = authorization.failure() {
        assert!(problem.identifier.is_some());
        can_be_told(&problem);
    }
}

fn order(body: &[u8]) {
    let state = match serde_json::from_slice::<OrderState>(body) {
        Ok(state) => state,
        Err(fault) => return can_be_told(&Failure::from(Error::Json(fault)).problem),
    };
    let Some(error) = &state.error else { return };
    can_be_told(&Failure::of_document(error, None).problem);
    let problem = disbelief(error, &Host::Name("home.example.org".to_owned()));
    assert!(problem.identifier.is_some() && problem.class != Class::Network);
    can_be_told(&problem);
}

fn problem(answer: &Response<&[u8]>) {
    let failure = Failure::of_answer(answer, NOW);
    assert_eq!(failure.status, Some(answer.status()));
    let is_gone = failure.is_gone();
    let problem = of_order(failure);
    assert!(!is_gone || matches!(problem.class, Class::OrderGone | Class::AccountGone));
    can_be_told(&problem);
    let mut history = History::default();
    let failed = crate::acme::history::Failure::new(NOW, problem, Ca::Primary, None);
    for _ in 0..4 {
        history.record_failure(failed.clone());
    }
    goes_on(history);
}

fn renewal_info(answer: &Response<&[u8]>) {
    let window = match RenewalWindow::parse(answer, NOW) {
        Ok(window) => window,
        Err(problem) => return can_be_told(&problem),
    };
    assert!(window.start < window.end);
    let soon = window.poll_again - NOW;
    assert!(soon >= Duration::MINUTE && soon <= Duration::DAY);
    for fraction in [0.0, 0.5, 1.0] {
        let span = (window.start, window.end);
        let renewal = Renewal::choose(span, fraction, window.explanation_url.clone(), NOW);
        assert!(window.start <= renewal.chosen && renewal.chosen <= window.end);
        let mut history = History::default();
        history.record_renewal(renewal, Some(window.poll_again));
        goes_on(history);
    }
}

/// A problem is one line for a log and a terminal, and is the same after a restart.
fn can_be_told(problem: &Problem) {
    let is_line = |text: &str| !text.contains(char::is_control);
    assert!(is_line(&problem.detail) && problem.detail.chars().count() <= LENGTH);
    assert!(
        problem
            .link
            .iter()
            .all(|link| link.starts_with("https://") && is_line(link))
    );
    let challenges = [
        None,
        Some(ChallengeKind::Http01),
        Some(ChallengeKind::Dns01),
    ];
    for challenge in challenges {
        let sentence = Diagnosis::new(problem)
            .with_challenge(challenge, &[])
            .sentence();
        assert!(is_line(&sentence), "{sentence:?}");
    }
    is_kept(problem);
}

fn is_kept<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let kept = serde_json::to_vec(value).unwrap_or_else(|fault| panic!("{value:?}: {fault}"));
    assert_eq!(
        serde_json::from_slice::<T>(&kept).ok().as_ref(),
        Some(value)
    );
}

/// Whatever has happened, a certificate is ordered before it ends, or within days when there is
/// none.
fn goes_on(mut history: History) {
    is_kept(&history);
    let policy = Policy {
        challenges: vec![ChallengeKind::Http01, ChallengeKind::TlsAlpn01],
        fallback: true,
        staging: true,
        profile: true,
    };
    let held = ObservedCertificate {
        not_before: NOW - Duration::days(50),
        not_after: NOW + Duration::days(40),
        issuer: Some(Ca::Primary),
        renewal_info: true,
    };
    for certificate in [None, Some(held)] {
        let observed = ObservedState {
            certificate,
            names_match: true,
            jitter: 0.3,
            ca_ahead: None,
        };
        let end = certificate.map_or(NOW + Duration::days(9), |held| held.not_after);
        history.redate(NOW);
        let schedule = Schedule {
            now: NOW,
            observed,
            history: &history,
            policy: policy.clone(),
        };
        match schedule.next_action() {
            Action::Wait { until } => assert!(until <= end, "waits until {until}"),
            Action::Order(_) | Action::PollRenewalInfo => {}
            Action::ClockWrong { sentence } => panic!("{sentence}"),
        }
        let due = schedule.due();
        assert!(due <= end, "due on {due}");
    }
}

//! Property of the responses of a CA: each becomes a value or a problem that can be logged and
//! stored, and none ends the schedule of a certificate.

use http::{HeaderMap, HeaderValue, Response, header::RETRY_AFTER};
use instant_acme::{AuthorizationState, Error, OrderState};
use serde::{Serialize, de::DeserializeOwned};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{
    Authorization, Directory, RenewalWindow, document::Document, failure::Failure, transport,
};
use crate::{
    acme::{
        order::diagnosis::Diagnosis,
        problem::{Class, Problem},
        renewal::{Action, ObservedCertificate, ObservedState, Policy, Schedule},
        store::history::{CaRole, History, Renewal},
    },
    config::model::{ChallengeKind, Host},
};

const NOW: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);
const STATUSES: [u16; 8] = [200, 400, 403, 404, 410, 429, 500, 503];
/// The longest detail, in characters: 1000 of the CA after a prefix of hubgate.
const LENGTH: usize = 1100;
/// The longest `Retry-After` that instant-acme may see, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// Parses bytes as a response: the first byte selects its object and status, `Retry-After`
/// follows to the end of the line, and then the body.
pub fn acme_answer(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    let line = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len());
    let (wait, body) = (&rest[..line], rest.get(line + 1..).unwrap_or_default());
    let status = STATUSES[usize::from(kind / 8) % STATUSES.len()];
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap_or_default();
    if let Ok(wait) = HeaderValue::from_bytes(wait) {
        response.headers_mut().insert(RETRY_AFTER, wait);
    }
    check_wait(response.headers());
    match kind % 5 {
        0 => directory(body),
        1 => authorization(body),
        2 => order(body),
        3 => problem(&response),
        _ => renewal_info(&response),
    }
}

/// Requires a short `Retry-After`, because instant-acme adds its seconds to the clock.
fn check_wait(headers: &HeaderMap) {
    let mut headers = headers.clone();
    transport::shorten_wait(&mut headers);
    let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
    let seconds = wait.and_then(|wait| wait.trim().parse::<u64>().ok());
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
        check_problem(&problem);
    }
}

fn authorization(body: &[u8]) {
    let Ok(state) = serde_json::from_slice::<AuthorizationState>(body) else {
        return;
    };
    let Some(authorization) = Authorization::from_state(&state, "thumbprint") else {
        return;
    };
    for challenge in &authorization.challenges {
        let text = challenge.dns_value();
        assert!(text.len() == 43 && !text.contains(['=', '+', '/']));
        assert!(challenge.key_authorization.ends_with(".thumbprint"));
    }
    if let Some(problem) = authorization.failure() {
        assert!(problem.identifier.is_some());
        check_problem(&problem);
    }
}

fn order(body: &[u8]) {
    let state = match serde_json::from_slice::<OrderState>(body) {
        Ok(state) => state,
        Err(fault) => return check_problem(&Failure::from(Error::Json(fault)).problem),
    };
    let Some(error) = &state.error else { return };
    check_problem(&Failure::from_document(error, None).problem);
    let problem =
        Document::new(error).validation_problem(&Host::Name("home.example.org".to_owned()));
    assert!(problem.identifier.is_some() && problem.class != Class::Network);
    check_problem(&problem);
}

fn problem(response: &Response<&[u8]>) {
    let failure = Failure::from_response(response, NOW);
    assert_eq!(failure.status, Some(response.status()));
    let is_gone = failure.is_gone();
    let problem = failure.into_order_problem();
    assert!(!is_gone || matches!(problem.class, Class::OrderGone | Class::AccountGone));
    check_problem(&problem);
    let mut history = History::default();
    let failed = crate::acme::store::history::Failure::new(NOW, problem, CaRole::Primary, None);
    for _ in 0..4 {
        history.record_failure(failed.clone());
    }
    check_schedule(history);
}

fn renewal_info(response: &Response<&[u8]>) {
    let window = match RenewalWindow::parse(response, NOW) {
        Ok(window) => window,
        Err(problem) => return check_problem(&problem),
    };
    assert!(window.start < window.end);
    let interval = window.poll_again - NOW;
    assert!(interval >= Duration::MINUTE && interval <= Duration::DAY);
    for fraction in [0.0, 0.5, 1.0] {
        let span = (window.start, window.end);
        let renewal = Renewal::choose(span, fraction, window.explanation_url.clone(), NOW);
        assert!(window.start <= renewal.chosen && renewal.chosen <= window.end);
        let mut history = History::default();
        history.record_renewal(renewal, Some(window.poll_again));
        check_schedule(history);
    }
}

/// Requires a problem to be one line, for journal and terminal, and to survive a restart.
fn check_problem(problem: &Problem) {
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
    check_round_trip(problem);
}

fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = serde_json::to_vec(value).unwrap_or_else(|fault| panic!("{value:?}: {fault}"));
    assert_eq!(
        serde_json::from_slice::<T>(&json).ok().as_ref(),
        Some(value)
    );
}

/// Requires the schedule to order before the certificate expires, or within nine days without
/// one.
fn check_schedule(mut history: History) {
    check_round_trip(&history);
    let policy = Policy {
        challenges: vec![ChallengeKind::Http01, ChallengeKind::TlsAlpn01],
        fallback: true,
        staging: true,
        profile: true,
    };
    let held = ObservedCertificate {
        not_before: NOW - Duration::days(50),
        not_after: NOW + Duration::days(40),
        issuer: Some(CaRole::Primary),
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

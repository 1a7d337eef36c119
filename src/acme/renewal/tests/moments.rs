//! The schedule at single moments.

use super::*;

fn due(life: Duration) -> Duration {
    let observed = observed(Some(certificate(life)));
    order_at(BEGIN, &observed, &History::default(), &policy()) - BEGIN
}

fn with_info(renewal: Option<(Duration, Duration)>) -> (ObservedState, History) {
    let mut certificate = certificate(LIFE);
    certificate.renewal_info = true;
    let mut history = History::default();
    if let Some((start, end)) = renewal {
        let window = (BEGIN + start, BEGIN + end);
        let renewal = Renewal::choose(window, 0.5, None, BEGIN);
        history.record_renewal(renewal, Some(BEGIN + Duration::days(1)));
    }
    (observed(Some(certificate)), history)
}

/// Returns the delay to the renewal of a certificate of ninety days, for a window in days.
fn suggested(start: i64, end: i64) -> Duration {
    let window = (Duration::days(start), Duration::days(end));
    let (mut observed, history) = with_info(Some(window));
    // No request for renewal information is due.
    if let Some(certificate) = observed.certificate.as_mut() {
        certificate.renewal_info = false;
    }
    order_at(BEGIN, &observed, &history, &policy()) - BEGIN
}

#[test]
fn a_missing_certificate_or_one_for_other_names_is_ordered_now() {
    let history = History::default();
    let first = order(BEGIN, &observed(None), &history, &policy());
    assert_eq!(first.ca, CaRole::Primary);
    assert!(!first.replaces && !first.profile);
    let mut changed = observed(Some(certificate(LIFE)));
    changed.names_match = false;
    order(BEGIN, &changed, &history, &policy());
}

#[test]
fn a_renewal_is_due_after_two_thirds_or_half_of_the_life() {
    assert_eq!(due(Duration::days(90)), Duration::days(60));
    assert_eq!(due(Duration::days(45)), Duration::days(30));
    assert_eq!(due(Duration::hours(160)), Duration::hours(80));
    assert_eq!(due(Duration::seconds(20)), Duration::seconds(10));
    let mut early = observed(Some(certificate(LIFE)));
    early.jitter = -1.0;
    let at = order_at(BEGIN, &early, &History::default(), &policy());
    assert_eq!((at - BEGIN).whole_hours(), 60 * 24 - 22);
}

#[test]
fn the_suggested_window_counts_until_the_hard_line() {
    assert_eq!(suggested(50, 52), Duration::days(51));
    assert_eq!(suggested(62, 64), Duration::days(63));
    assert_eq!(suggested(70, 90), Duration::days(90) * 3 / 4);
    assert_eq!(suggested(91, 99), Duration::days(60), "after its end");
    assert_eq!(suggested(52, 50), Duration::days(60), "upside down");
    assert_eq!(suggested(-2, -1), Duration::ZERO, "revoked");
}

#[test]
fn renewal_information_is_requested_at_first_and_after_retry_after() {
    let (observed, mut history) = with_info(None);
    let day = |days| BEGIN + Duration::days(days);
    let next_at = |now, history: &History| next(now, &observed, history, &policy());
    assert_eq!(next_at(day(0), &history), Action::PollRenewalInfo);
    assert_eq!(
        next_at(day(61), &history),
        Action::PollRenewalInfo,
        "never requested"
    );
    order(day(68), &observed, &history, &policy());
    history.record_poll_failed(day(0), Some(day(1)));
    assert_eq!(order_at(day(0), &observed, &history, &policy()), day(1));
    assert_eq!(next_at(day(1), &history), Action::PollRenewalInfo);
    order(day(61), &observed, &history, &policy());
}

#[test]
fn a_window_that_is_always_past_does_not_cause_endless_orders() {
    let (mut observed, mut history) = with_info(None);
    let mut now = BEGIN;
    let mut orders = 0;
    while now < BEGIN + Duration::days(10) {
        match next(now, &observed, &history, &policy()) {
            Action::PollRenewalInfo => {
                let window = (now - Duration::days(2), now - Duration::days(1));
                history.record_renewal(Renewal::choose(window, 0.5, None, now), None);
            }
            Action::Order(_) => {
                orders += 1;
                history.record_success(success(now));
                observed.certificate =
                    observed.certificate.map(|certificate| ObservedCertificate {
                        not_before: now,
                        not_after: now + LIFE,
                        ..certificate
                    });
            }
            Action::Wait { until } => now = until,
            other => panic!("{other:?}"),
        }
    }
    assert!((10..=33).contains(&orders), "{orders}");
}

fn success(at: OffsetDateTime) -> Success {
    let challenge = Some(ChallengeKind::Http01);
    let ca = CaRole::Primary;
    Success { at, ca, challenge }
}

#[test]
fn an_order_omits_the_fields_that_the_ca_refused() {
    let (observed, mut history) = with_info(Some((Duration::ZERO, Duration::ZERO)));
    let mut policy = policy();
    policy.profile = true;
    let first = order(BEGIN, &observed, &history, &policy);
    assert!(first.replaces && first.profile);
    history.record_failure(failure(BEGIN, Class::AlreadyReplaced, CaRole::Primary));
    let second = order(BEGIN, &observed, &history, &policy);
    assert!(!second.replaces && second.profile);
    history.record_failure(failure(BEGIN, Class::InvalidProfile, CaRole::Primary));
    let third = order(BEGIN, &observed, &history, &policy);
    assert!(!third.replaces && !third.profile);
}

#[test]
fn the_next_challenge_follows_a_failed_one_and_a_successful_one_is_preferred() {
    let [http, alpn, dns] = [
        ChallengeKind::Http01,
        ChallengeKind::TlsAlpn01,
        ChallengeKind::Dns01,
    ];
    let challenges = |history: &History| {
        order(
            BEGIN + Duration::days(9),
            &observed(None),
            history,
            &policy(),
        )
        .challenges
    };
    let mut history = history([failure(BEGIN, Class::Validation, CaRole::Primary)]);
    assert_eq!(challenges(&history), [alpn, dns, http]);
    let worked = Success {
        challenge: Some(dns),
        ..success(BEGIN)
    };
    history.record_success(worked);
    assert_eq!(challenges(&history), [dns, http, alpn]);
    let mut provider = failure(BEGIN, Class::Provider, CaRole::Primary);
    provider.challenge = Some(dns);
    history.record_failure(provider);
    assert_eq!(challenges(&history), [http, alpn, dns]);
}

#[test]
fn the_staging_ca_is_tried_after_three_failed_validations() {
    let mut policy = policy();
    policy.staging = true;
    let later = BEGIN + Duration::days(9);
    let ca = |history: &History| order(later, &observed(None), history, &policy).ca;
    let fail = |count, ca| vec![failure(BEGIN, Class::Validation, ca); count];
    assert_eq!(ca(&history(fail(2, CaRole::Primary))), CaRole::Primary);
    let mut three = history(fail(3, CaRole::Primary));
    assert_eq!(ca(&three), CaRole::Staging);
    three.record_failure(failure(BEGIN, Class::Validation, CaRole::Staging));
    assert_eq!(ca(&three), CaRole::Staging);
    let mut unreachable = three.clone();
    unreachable.record_failure(failure(later, Class::Network, CaRole::Staging));
    assert_eq!(
        ca(&unreachable),
        CaRole::Primary,
        "a probe that cannot run delays nothing"
    );
    let mut wrong = three.clone();
    fail(2, CaRole::Staging)
        .into_iter()
        .for_each(|failure| wrong.record_failure(failure));
    assert_eq!(ca(&wrong), CaRole::Primary, "the staging CA may be wrong");
    three.record_probe_passed();
    assert_eq!(ca(&three), CaRole::Primary);
    three.record_failure(failure(BEGIN, Class::Validation, CaRole::Primary));
    assert_eq!(ca(&three), CaRole::Staging);
}

#[test]
fn the_fallback_ca_alternates_once_the_primary_has_failed_for_long_enough() {
    let mut policy = policy();
    policy.fallback = true;
    let mut limited = history([failure_with_retry_after(
        BEGIN,
        Class::RateLimited,
        BEGIN + Duration::days(7),
    )]);
    let hour = BEGIN + Duration::hours(1);
    let at = |now, history: &History| order_at(now, &observed(None), history, &policy);
    let ca = |now, history: &History| order(now, &observed(None), history, &policy).ca;
    assert_eq!(at(BEGIN, &limited), hour);
    assert_eq!(ca(hour, &limited), CaRole::Fallback);
    limited.record_failure(failure(hour, Class::Refused, CaRole::Fallback));
    assert_eq!(at(hour, &limited), hour + Duration::days(1));
    assert_eq!(ca(BEGIN + Duration::days(8), &limited), CaRole::Primary);
    let three = history(vec![failure(BEGIN, Class::Network, CaRole::Primary); 3]);
    assert_eq!(ca(BEGIN, &three), CaRole::Fallback);
}

#[test]
fn a_wrong_clock_orders_nothing() {
    let sentence =
        |now, observed: &ObservedState| match next(now, observed, &History::default(), &policy()) {
            Action::ClockWrong { sentence } => sentence,
            other => panic!("{other:?}"),
        };
    let born = datetime!(1970-01-01 00:01 UTC);
    assert!(sentence(born, &observed(None)).contains("it says 1970-01-01, which is before"));
    let early = BEGIN - Duration::days(2);
    assert!(sentence(early, &observed(Some(certificate(LIFE)))).contains("before the certificate"));
    let mut skewed = observed(None);
    skewed.ca_ahead = Some(-Duration::days(365));
    assert!(sentence(BEGIN, &skewed).contains("365 days ahead of the CA's; set it"));
    skewed.ca_ahead = Some(Duration::minutes(3));
    order(BEGIN, &skewed, &History::default(), &policy());
}

#[test]
fn a_renewal_is_overdue_after_a_tenth_of_the_life() {
    let history = history([failure(BEGIN, Class::Refused, CaRole::Primary)]);
    let is_overdue = |now, observed: &ObservedState, history: &History| {
        let schedule = Schedule {
            now,
            observed: observed.clone(),
            history,
            policy: policy(),
        };
        schedule.is_overdue()
    };
    let renewal = observed(Some(certificate(LIFE)));
    let late = |days| is_overdue(BEGIN + Duration::days(days), &renewal, &history);
    assert!(!late(60) && !late(69) && late(70) && late(400));
    assert!(is_overdue(BEGIN, &observed(None), &history));
    assert!(!is_overdue(BEGIN, &observed(None), &History::default()));
}

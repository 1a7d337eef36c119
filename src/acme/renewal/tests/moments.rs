//! Single moments of the schedule.

use super::*;

fn due(life: Duration) -> Duration {
    let standing = standing(Some(held(life)));
    order_at(BEGIN, &standing, &History::default(), &policy()) - BEGIN
}

/// How long a set without a certificate waits after failures a minute apart.
fn wait_after(classes: &[Class]) -> Duration {
    wait_of(&standing(None), classes, &policy())
}

fn wait_of(standing: &Standing, classes: &[Class], policy: &Policy) -> Duration {
    let mut at = BEGIN;
    let history = history(classes.iter().map(|class| {
        at += Duration::hours(2);
        failure(at, *class, Ca::Primary)
    }));
    order_at(at, standing, &history, policy) - at
}

fn with_info(renewal: Option<(Duration, Duration)>) -> (Standing, History) {
    let mut held = held(LIFE);
    held.renewal_info = true;
    let mut history = History::default();
    if let Some((start, end)) = renewal {
        let window = (BEGIN + start, BEGIN + end);
        let renewal = Renewal::choose(window, 0.5, None, BEGIN);
        history.record_renewal(renewal, Some(BEGIN + Duration::days(1)));
    }
    (standing(Some(held)), history)
}

/// When a certificate of ninety days is due, once the CA has named a window in days.
fn wished(start: i64, end: i64) -> Duration {
    let window = (Duration::days(start), Duration::days(end));
    let (mut standing, history) = with_info(Some(window));
    // No poll comes between.
    if let Some(held) = standing.certificate.as_mut() {
        held.renewal_info = false;
    }
    order_at(BEGIN, &standing, &history, &policy()) - BEGIN
}

#[test]
fn a_set_without_a_certificate_or_with_other_names_is_ordered_now() {
    let history = History::default();
    let first = order(BEGIN, &standing(None), &history, &policy());
    assert_eq!(first.ca, Ca::Primary);
    assert!(!first.replaces && !first.profile);
    let mut changed = standing(Some(held(LIFE)));
    changed.names_match = false;
    order(BEGIN, &changed, &history, &policy());
}

#[test]
fn a_certificate_is_due_after_two_thirds_or_a_half_of_its_life() {
    assert_eq!(due(Duration::days(90)), Duration::days(60));
    assert_eq!(due(Duration::days(45)), Duration::days(30));
    assert_eq!(due(Duration::hours(160)), Duration::hours(80));
    assert_eq!(due(Duration::seconds(20)), Duration::seconds(10));
    let mut early = standing(Some(held(LIFE)));
    early.jitter = -1.0;
    let at = order_at(BEGIN, &early, &History::default(), &policy());
    assert_eq!((at - BEGIN).whole_hours(), 60 * 24 - 22);
}

#[test]
fn the_ca_chooses_the_moment_until_the_hard_line() {
    assert_eq!(wished(50, 52), Duration::days(51));
    assert_eq!(wished(62, 64), Duration::days(63));
    assert_eq!(wished(70, 90), Duration::days(90) * 3 / 4);
    assert_eq!(wished(91, 99), Duration::days(60), "after its end");
    assert_eq!(wished(52, 50), Duration::days(60), "upside down");
    assert_eq!(wished(-2, -1), Duration::ZERO, "revoked");
}

#[test]
fn the_ca_is_asked_first_and_then_when_it_said() {
    let (standing, mut history) = with_info(None);
    let day = |days| BEGIN + Duration::days(days);
    let ask = |now, history: &History| next(now, &standing, history, &policy());
    assert_eq!(ask(day(0), &history), Action::PollRenewalInfo);
    assert_eq!(
        ask(day(61), &history),
        Action::PollRenewalInfo,
        "never asked"
    );
    order(day(68), &standing, &history, &policy());
    history.record_poll_failed(day(0), Some(day(1)));
    assert_eq!(order_at(day(0), &standing, &history, &policy()), day(1));
    assert_eq!(ask(day(1), &history), Action::PollRenewalInfo);
    order(day(61), &standing, &history, &policy());
}

#[test]
fn a_ca_that_always_says_now_is_not_followed_in_a_circle() {
    let (mut standing, mut history) = with_info(None);
    let mut now = BEGIN;
    let mut orders = 0;
    while now < BEGIN + Duration::days(10) {
        match next(now, &standing, &history, &policy()) {
            Action::PollRenewalInfo => {
                let window = (now - Duration::days(2), now - Duration::days(1));
                history.record_renewal(Renewal::choose(window, 0.5, None, now), None);
            }
            Action::Order(_) => {
                orders += 1;
                history.record_success(success(now));
                standing.certificate = standing.certificate.map(|held| Held {
                    not_before: now,
                    not_after: now + LIFE,
                    ..held
                });
            }
            Action::Wait { until, .. } => now = until,
            other => panic!("{other:?}"),
        }
    }
    assert!((10..=33).contains(&orders), "{orders}");
}

fn success(at: OffsetDateTime) -> Success {
    let challenge = Some(ChallengeKind::Http01);
    let ca = Ca::Primary;
    Success { at, ca, challenge }
}

fn seconds(classes: &[Class]) -> i64 {
    wait_after(classes).whole_seconds()
}

#[test]
fn what_the_ca_says_no_to_waits_as_long_as_it_should() {
    assert_eq!(seconds(&[Class::Network]), 30);
    assert_eq!(seconds(&[Class::Network; 3]), 120);
    assert_eq!(seconds(&[Class::Network; 30]), 3600);
    assert_eq!(seconds(&[Class::RateLimited]), 3600);
    assert_eq!(seconds(&[Class::Paused]), 86400);
    assert_eq!(seconds(&[Class::Refused]), 86400);
}

#[test]
fn work_in_vain_is_tried_soon_at_first_and_then_seldom() {
    for class in [Class::Validation, Class::Provider, Class::Unusable] {
        let waits = [1, 2, 3, 4].map(|times| seconds(&vec![class; times]));
        assert_eq!(waits, [60, 600, 6000, 3600], "{class:?}, no life left");
    }
}

#[test]
fn what_can_be_asked_otherwise_is_asked_at_once_but_not_in_a_circle() {
    for class in [
        Class::AlreadyReplaced,
        Class::InvalidProfile,
        Class::AccountGone,
        Class::OrderGone,
    ] {
        let waits = [1, 2, 3].map(|times| seconds(&vec![class; times]));
        assert_eq!(waits, [0, 30, 60], "{class:?}");
    }
}

#[test]
fn the_longer_a_certificate_lives_the_longer_a_failed_validation_waits() {
    let wait = |life| {
        let mut standing = standing(Some(held(life)));
        standing.names_match = false;
        wait_of(&standing, &[Class::Validation; 4], &policy())
    };
    assert_eq!(wait(Duration::days(90)), Duration::days(1));
    assert_eq!(wait(Duration::hours(8 + 32)), Duration::hours(4));
}

#[test]
fn what_the_ca_asks_is_obeyed_to_the_second() {
    let again = BEGIN + Duration::seconds(4711);
    for class in [Class::RateLimited, Class::Network] {
        let history = history([asked(BEGIN, class, again)]);
        let at = |now| order_at(now, &standing(None), &history, &policy());
        assert_eq!(at(BEGIN), again);
        assert_eq!(at(again - Duration::seconds(1)), again);
        assert_eq!(at(again), again);
    }
}

#[test]
fn a_ca_that_says_come_again_in_ten_years_does_not_stop_us() {
    let ten_years = BEGIN + Duration::days(3650);
    let history = history([asked(BEGIN, Class::RateLimited, ten_years)]);
    let at = order_at(BEGIN, &standing(None), &history, &policy());
    assert_eq!(at, BEGIN + Duration::days(8));
}

#[test]
fn a_ca_that_keeps_saying_soon_is_not_stormed() {
    let soon = |at| asked(at, Class::Network, at + Duration::SECOND);
    let times = (0..10).map(|second| BEGIN + Duration::seconds(second));
    let last = BEGIN + Duration::seconds(9);
    let at = order_at(last, &standing(None), &history(times.map(soon)), &policy());
    assert_eq!(at - last, Duration::hours(1));
}

#[test]
fn an_old_wish_does_not_shorten_the_wait_after_a_later_failure() {
    let first = asked(BEGIN, Class::Network, BEGIN + Duration::SECOND);
    let later = BEGIN + Duration::SECOND;
    let history = history([first, failure(later, Class::Network, Ca::Primary)]);
    let at = order_at(later, &standing(None), &history, &policy());
    assert_eq!(at - later, Duration::minutes(1));
}

#[test]
fn the_order_leaves_out_what_the_ca_did_not_want() {
    let (standing, mut history) = with_info(Some((Duration::ZERO, Duration::ZERO)));
    let mut policy = policy();
    policy.profile = true;
    let first = order(BEGIN, &standing, &history, &policy);
    assert!(first.replaces && first.profile);
    history.record_failure(failure(BEGIN, Class::AlreadyReplaced, Ca::Primary));
    let second = order(BEGIN, &standing, &history, &policy);
    assert!(!second.replaces && second.profile);
    history.record_failure(failure(BEGIN, Class::InvalidProfile, Ca::Primary));
    let third = order(BEGIN, &standing, &history, &policy);
    assert!(!third.replaces && !third.profile);
}

#[test]
fn the_next_challenge_comes_first_and_what_worked_is_remembered() {
    let [http, alpn, dns] = [
        ChallengeKind::Http01,
        ChallengeKind::TlsAlpn01,
        ChallengeKind::Dns01,
    ];
    let challenges = |history: &History| {
        order(
            BEGIN + Duration::days(9),
            &standing(None),
            history,
            &policy(),
        )
        .challenges
    };
    let mut history = history([failure(BEGIN, Class::Validation, Ca::Primary)]);
    assert_eq!(challenges(&history), [alpn, dns, http]);
    let worked = Success {
        challenge: Some(dns),
        ..success(BEGIN)
    };
    history.record_success(worked);
    assert_eq!(challenges(&history), [dns, http, alpn]);
    let mut provider = failure(BEGIN, Class::Provider, Ca::Primary);
    provider.challenge = Some(dns);
    history.record_failure(provider);
    assert_eq!(challenges(&history), [http, alpn, dns]);
}

#[test]
fn the_staging_ca_is_tried_after_three_failed_validations() {
    let mut policy = policy();
    policy.staging = true;
    let later = BEGIN + Duration::days(9);
    let ca = |history: &History| order(later, &standing(None), history, &policy).ca;
    let fail = |count, ca| vec![failure(BEGIN, Class::Validation, ca); count];
    assert_eq!(ca(&history(fail(2, Ca::Primary))), Ca::Primary);
    let mut three = history(fail(3, Ca::Primary));
    assert_eq!(ca(&three), Ca::Staging);
    three.record_failure(failure(BEGIN, Class::Validation, Ca::Staging));
    assert_eq!(ca(&three), Ca::Staging);
    let mut unreachable = three.clone();
    unreachable.record_failure(failure(later, Class::Network, Ca::Staging));
    assert_eq!(
        ca(&unreachable),
        Ca::Primary,
        "a probe that cannot run holds nothing up"
    );
    let mut wrong = three.clone();
    fail(2, Ca::Staging)
        .into_iter()
        .for_each(|failure| wrong.record_failure(failure));
    assert_eq!(ca(&wrong), Ca::Primary, "the staging CA may be wrong");
    three.record_probe_passed();
    assert_eq!(ca(&three), Ca::Primary);
    three.record_failure(failure(BEGIN, Class::Validation, Ca::Primary));
    assert_eq!(ca(&three), Ca::Staging);
}

#[test]
fn a_second_ca_takes_turns_once_the_first_has_failed_for_long_enough() {
    let mut policy = policy();
    policy.fallback = true;
    let mut limited = history([asked(BEGIN, Class::RateLimited, BEGIN + Duration::days(7))]);
    let hour = BEGIN + Duration::hours(1);
    let at = |now, history: &History| order_at(now, &standing(None), history, &policy);
    let ca = |now, history: &History| order(now, &standing(None), history, &policy).ca;
    assert_eq!(at(BEGIN, &limited), hour);
    assert_eq!(ca(hour, &limited), Ca::Fallback);
    limited.record_failure(failure(hour, Class::Refused, Ca::Fallback));
    assert_eq!(at(hour, &limited), hour + Duration::days(1));
    assert_eq!(ca(BEGIN + Duration::days(8), &limited), Ca::Primary);
    let three = history(vec![failure(BEGIN, Class::Network, Ca::Primary); 3]);
    assert_eq!(ca(BEGIN, &three), Ca::Fallback);
}

#[test]
fn nothing_is_ordered_by_a_wrong_clock() {
    let sentence =
        |now, standing: &Standing| match next(now, standing, &History::default(), &policy()) {
            Action::ClockWrong { sentence } => sentence,
            other => panic!("{other:?}"),
        };
    let born = datetime!(1970-01-01 00:01 UTC);
    assert!(sentence(born, &standing(None)).contains("it says 1970-01-01, which is before"));
    let early = BEGIN - Duration::days(2);
    assert!(sentence(early, &standing(Some(held(LIFE)))).contains("before the certificate"));
    let mut skewed = standing(None);
    skewed.ca_ahead = Some(-Duration::days(365));
    assert!(sentence(BEGIN, &skewed).contains("365 days ahead of the CA's; set it"));
    skewed.ca_ahead = Some(Duration::minutes(3));
    order(BEGIN, &skewed, &History::default(), &policy());
}

#[test]
fn a_renewal_is_overdue_after_a_tenth_of_the_life() {
    let history = history([failure(BEGIN, Class::Refused, Ca::Primary)]);
    let late = |days| {
        overdue(
            BEGIN + Duration::days(days),
            &standing(Some(held(LIFE))),
            &history,
        )
    };
    assert!(!late(60) && !late(69) && late(70) && late(400));
    assert!(overdue(BEGIN, &standing(None), &history));
    assert!(!overdue(BEGIN, &standing(None), &History::default()));
}

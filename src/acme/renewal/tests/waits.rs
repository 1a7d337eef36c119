//! The waits after failures.

use super::*;

/// Returns the wait without a certificate after failures two hours apart.
fn wait_after(classes: &[Class]) -> Duration {
    wait_of(&observed(None), classes, &policy())
}

fn wait_of(observed: &ObservedState, classes: &[Class], policy: &Policy) -> Duration {
    let mut at = BEGIN;
    let history = history(classes.iter().map(|class| {
        at += Duration::hours(2);
        failure(at, *class, CaRole::Primary)
    }));
    order_at(at, observed, &history, policy) - at
}

fn seconds(classes: &[Class]) -> i64 {
    wait_after(classes).whole_seconds()
}

#[test]
fn failures_of_the_ca_wait_by_their_class() {
    assert_eq!(seconds(&[Class::Network]), 30);
    assert_eq!(seconds(&[Class::Network; 3]), 120);
    assert_eq!(seconds(&[Class::Network; 30]), 3600);
    assert_eq!(seconds(&[Class::RateLimited]), 3600);
    assert_eq!(seconds(&[Class::Paused]), 86400);
    assert_eq!(seconds(&[Class::Refused]), 86400);
}

#[test]
fn failed_attempts_are_retried_soon_at_first_and_then_rarely() {
    for class in [Class::Validation, Class::Provider, Class::Unusable] {
        let waits = [1, 2, 3, 4].map(|times| seconds(&vec![class; times]));
        assert_eq!(waits, [60, 600, 6000, 3600], "{class:?}, no life left");
    }
}

#[test]
fn an_order_that_can_be_changed_is_retried_at_once_but_only_once() {
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
fn a_failed_validation_waits_in_proportion_to_the_remaining_life() {
    let wait = |life| {
        let mut observed = observed(Some(certificate(life)));
        observed.names_match = false;
        wait_of(&observed, &[Class::Validation; 4], &policy())
    };
    assert_eq!(wait(Duration::days(90)), Duration::days(1));
    assert_eq!(wait(Duration::hours(8 + 32)), Duration::hours(4));
}

#[test]
fn retry_after_is_obeyed_to_the_second() {
    let again = BEGIN + Duration::seconds(4711);
    for class in [Class::RateLimited, Class::Network] {
        let history = history([failure_with_retry_after(BEGIN, class, again)]);
        let at = |now| order_at(now, &observed(None), &history, &policy());
        assert_eq!(at(BEGIN), again);
        assert_eq!(at(again - Duration::seconds(1)), again);
        assert_eq!(at(again), again);
    }
}

#[test]
fn a_retry_after_of_ten_years_counts_as_eight_days() {
    let ten_years = BEGIN + Duration::days(3650);
    let history = history([failure_with_retry_after(
        BEGIN,
        Class::RateLimited,
        ten_years,
    )]);
    let at = order_at(BEGIN, &observed(None), &history, &policy());
    assert_eq!(at, BEGIN + Duration::days(8));
}

#[test]
fn a_short_retry_after_is_ignored_after_five_failures() {
    let soon = |at| failure_with_retry_after(at, Class::Network, at + Duration::SECOND);
    let times = (0..10).map(|second| BEGIN + Duration::seconds(second));
    let last = BEGIN + Duration::seconds(9);
    let at = order_at(last, &observed(None), &history(times.map(soon)), &policy());
    assert_eq!(at - last, Duration::hours(1));
}

#[test]
fn an_old_retry_after_does_not_shorten_the_wait_after_a_later_failure() {
    let first = failure_with_retry_after(BEGIN, Class::Network, BEGIN + Duration::SECOND);
    let later = BEGIN + Duration::SECOND;
    let history = history([first, failure(later, Class::Network, CaRole::Primary)]);
    let at = order_at(later, &observed(None), &history, &policy());
    assert_eq!(at - later, Duration::minutes(1));
}

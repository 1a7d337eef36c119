//! Rate limits of names and of accounts.

use time::macros::datetime;

use crate::acme::{manager::account_limits::*, problem::Class};

const NOW: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);

fn ca() -> Ca {
    Ca {
        directory: "https://ca.example/directory".into(),
        root: None,
        eab: None,
    }
}

fn refuse(limits: &AccountLimits, name: &str, wait: Duration, now: OffsetDateTime) {
    let problem = Problem::new(Class::RateLimited, "too many new orders");
    let outcome = Outcome::Limited(&problem, now + wait);
    limits.record(&ca(), name, &outcome, now);
}

#[test]
fn a_limit_of_one_name_delays_no_other() {
    let limits = AccountLimits::default();
    refuse(&limits, "a", Duration::DAY, NOW);
    refuse(&limits, "a", Duration::DAY, NOW);
    assert_eq!(limits.admit(&ca(), "b", NOW), Admission::Now);
    limits.record(&ca(), "b", &Outcome::Accepted, NOW);
    refuse(&limits, "c", Duration::DAY, NOW);
    assert_eq!(limits.admit(&ca(), "d", NOW), Admission::Now);
}

#[test]
fn after_a_limit_of_the_account_one_certificate_probes_and_the_others_follow() {
    let limits = AccountLimits::default();
    let wait = Duration::minutes(1);
    refuse(&limits, "a", wait, NOW);
    refuse(&limits, "b", wait, NOW);
    let admission = limits.admit(&ca(), "c", NOW);
    assert!(
        matches!(admission, Admission::Limited(problem) if problem.retry_after == Some(NOW + wait))
    );
    let then = NOW + wait;
    assert_eq!(limits.admit(&ca(), "c", then), Admission::Now);
    assert_eq!(limits.admit(&ca(), "d", then), Admission::At(then + CHECK));
    // The probe is refused again, then another one is accepted.
    refuse(&limits, "c", wait, then);
    assert!(matches!(
        limits.admit(&ca(), "d", then),
        Admission::Limited(_)
    ));
    let then = then + wait;
    assert_eq!(limits.admit(&ca(), "d", then), Admission::Now);
    limits.record(&ca(), "d", &Outcome::Accepted, then);
    for (nth, name) in (1..).zip(["a", "b", "c"]) {
        let slot = then + GAP * nth;
        assert_eq!(limits.admit(&ca(), name, then), Admission::At(slot));
        assert_eq!(limits.admit(&ca(), name, slot), Admission::Now);
    }
}

#[test]
fn another_probe_replaces_one_without_an_outcome() {
    let limits = AccountLimits::default();
    refuse(&limits, "a", GAP, NOW);
    refuse(&limits, "b", GAP, NOW);
    let then = NOW + GAP;
    assert_eq!(limits.admit(&ca(), "a", then), Admission::Now);
    limits.record(&ca(), "a", &Outcome::Other, then);
    assert_eq!(limits.admit(&ca(), "b", then), Admission::Now);
    assert_eq!(
        limits.admit(&ca(), "a", then + PROBE_TIMEOUT),
        Admission::Now
    );
}

#[test]
fn a_long_limit_is_probed_after_an_hour() {
    let limits = AccountLimits::default();
    refuse(&limits, "a", Duration::WEEK, NOW);
    refuse(&limits, "b", Duration::WEEK, NOW);
    assert_eq!(limits.admit(&ca(), "c", NOW + LONGEST), Admission::Now);
}

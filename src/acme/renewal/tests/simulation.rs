//! The schedule over simulated days and years, with CAs that fail in every way.

use proptest::{
    prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof},
    prop_assert, prop_assert_eq, proptest,
};

use super::*;

const CLASSES: [Class; 11] = [
    Class::Network,
    Class::RateLimited,
    Class::Paused,
    Class::Validation,
    Class::Provider,
    Class::AlreadyReplaced,
    Class::InvalidProfile,
    Class::AccountGone,
    Class::OrderGone,
    Class::Refused,
    Class::Unusable,
];

/// A simulated certificate with orders at the moments of the schedule.
struct World {
    now: OffsetDateTime,
    observed: ObservedState,
    history: History,
    policy: Policy,
    orders: Vec<OffsetDateTime>,
}

impl World {
    fn new(observed: ObservedState, policy: Policy) -> Self {
        Self {
            now: BEGIN,
            observed,
            history: History::default(),
            policy,
            orders: Vec::new(),
        }
    }

    /// Performs the next action. Each order fails with `class`; orders and polls take one second.
    fn step(&mut self, class: Class) {
        match next(self.now, &self.observed, &self.history, &self.policy) {
            Action::Wait { until } => {
                assert!(until > self.now, "a wait for the past would spin");
                self.now = until;
            }
            Action::PollRenewalInfo => {
                self.now += Duration::SECOND;
                self.history.record_poll_failed(self.now, None);
            }
            Action::Order(order) => {
                self.orders.push(self.now);
                self.now += Duration::SECOND;
                let challenge = order.challenges.first().copied();
                let problem = Problem::new(class, "no");
                let failure = Failure::new(self.now, problem, order.ca, challenge);
                self.history.record_failure(failure);
            }
            Action::ClockWrong { sentence } => panic!("{sentence}"),
        }
    }

    /// Returns the largest number of orders within an hour.
    fn most_in_an_hour(&self) -> usize {
        let within = |begin: OffsetDateTime| {
            let hour = begin..begin + Duration::hours(1);
            let is_within = |order: &&OffsetDateTime| hour.contains(*order);
            self.orders.iter().filter(is_within).count()
        };
        let counts = self.orders.iter().map(|order| within(*order));
        counts.max().unwrap_or_default()
    }
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(fallback, staging, profile)| Policy {
        fallback,
        staging,
        profile,
        ..policy()
    })
}

fn any_certificate() -> impl Strategy<Value = ObservedCertificate> {
    let life = prop_oneof![20..2000_i64, 100_000..9_000_000_i64];
    (life, any::<bool>()).prop_map(|(seconds, renewal_info)| ObservedCertificate {
        renewal_info,
        ..certificate(Duration::seconds(seconds))
    })
}

fn any_observed() -> impl Strategy<Value = ObservedState> {
    let certificate = prop::option::of(any_certificate());
    (certificate, any::<bool>(), -1.0..1.0).prop_map(|(certificate, names_match, jitter)| {
        ObservedState {
            names_match,
            jitter,
            ..observed(certificate)
        }
    })
}

fn any_ca() -> impl Strategy<Value = CaRole> {
    prop_oneof![
        Just(CaRole::Primary),
        Just(CaRole::Fallback),
        Just(CaRole::Staging)
    ]
}

fn any_class() -> impl Strategy<Value = Class> {
    prop::sample::select(CLASSES.to_vec())
}

/// Generates failures of the thirty days after `begin`, some with a `Retry-After`.
fn any_history(begin: OffsetDateTime) -> impl Strategy<Value = History> {
    let again = prop::option::of(-1000..10_000_000_i64);
    let failure = (0..30 * 86400_i64, any_class(), any_ca(), again);
    let window = prop::option::of((-9_000_000..9_000_000_i64, 0..9_000_000_i64));
    (prop::collection::vec(failure, 0..40), window).prop_map(move |(mut failures, window)| {
        failures.sort_by_key(|(second, ..)| *second);
        let mut history = History::default();
        for (second, class, ca, again) in failures {
            let at = begin + Duration::seconds(second);
            let mut failure = super::failure(at, class, ca);
            failure.problem.retry_after = again.map(|again| at + Duration::seconds(again));
            history.record_failure(failure);
        }
        if let Some((start, length)) = window {
            let start = begin + Duration::seconds(start);
            let window = (start, start + Duration::seconds(length));
            history.record_renewal(Renewal::choose(window, 0.5, None, begin), None);
        }
        history
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_state_ends_the_schedule(
        observed in any_observed(),
        history in any_history(BEGIN),
        policy in any_policy(),
        class in any_class(),
    ) {
        let mut world = World::new(observed, policy);
        world.now = BEGIN + Duration::days(30);
        world.history = history;
        let begin = world.now;
        for _ in 0..10_000 {
            if !world.orders.is_empty() {
                break;
            }
            world.step(class);
        }
        prop_assert!(!world.orders.is_empty());
        let end = world.observed.certificate.map_or(begin, |certificate| certificate.not_after);
        prop_assert!(world.now <= end.max(begin) + Duration::days(9));
    }

    #[test]
    fn another_attempt_follows_every_failure(
        observed in any_observed(),
        policy in any_policy(),
        classes in prop::collection::vec(any_class(), 60),
    ) {
        let mut world = World::new(observed, policy);
        for _ in 0..20_000 {
            let Some(class) = classes.get(world.orders.len()) else {
                break;
            };
            world.step(*class);
        }
        prop_assert_eq!(world.orders.len(), 60);
        let gap = |pair: &[OffsetDateTime]| pair[1] - pair[0];
        let longest = world.orders.windows(2).map(gap).max().unwrap();
        prop_assert!(longest <= Duration::days(1) + Duration::SECOND, "{longest}");
    }

    #[test]
    fn a_renewal_begins_before_the_last_quarter(
        mut certificate in any_certificate(),
        jitter in -1.0..1.0,
        history in any_history(BEGIN - Duration::days(60)),
        poll in any::<bool>(),
    ) {
        certificate.renewal_info = poll;
        let mut settled = history;
        let at = BEGIN - Duration::days(20);
        let renewal = settled.renewal().cloned();
        settled.record_success(Success { at, ca: CaRole::Primary, challenge: None });
        renewal.into_iter().for_each(|renewal| settled.record_renewal(renewal, None));
        let mut world = World::new(ObservedState { jitter, ..observed(Some(certificate)) }, policy());
        world.history = settled;
        for _ in 0..10_000 {
            if world.orders.is_empty() {
                world.step(Class::Network);
            }
        }
        let begun = world.orders[0];
        let hard_line = certificate.not_after - (certificate.not_after - certificate.not_before) / 4;
        // A poll takes one second in this simulation.
        prop_assert!(begun <= hard_line + Duration::SECOND, "{begun} after {hard_line}");
    }

    #[test]
    fn at_most_three_validations_fail_in_an_hour(
        observed in any_observed(),
        policy in any_policy(),
        classes in prop::collection::vec(any_class(), 80),
        restarts in prop::collection::vec(any::<bool>(), 80),
    ) {
        let mut world = World::new(observed, policy);
        while world.orders.len() < 80 {
            let index = world.orders.len();
            world.step(classes[index]);
            if restarts[index] {
                let kept = serde_json::to_string(&world.history).unwrap();
                world.history = serde_json::from_str(&kept).unwrap();
            }
        }
        let failed = world.orders.iter().zip(&classes);
        world.orders = failed
            .filter(|(_, class)| **class == Class::Validation)
            .map(|(order, _)| *order)
            .collect();
        prop_assert!(world.most_in_an_hour() <= 3, "{:?}", world.orders);
    }

    #[test]
    fn a_retry_after_is_obeyed_to_the_second(
        observed in any_observed(),
        policy in any_policy(),
        seconds in 1..600_000_i64,
        limited in any::<bool>(),
        early in 0..600_000_i64,
    ) {
        let class = if limited { Class::RateLimited } else { Class::Network };
        let observed = ObservedState { names_match: false, ..observed };
        let again = BEGIN + Duration::seconds(seconds);
        let history = history([failure_with_retry_after(BEGIN, class, again)]);
        let policy = Policy { fallback: false, ..policy };
        let at = |now| order_at(now, &observed, &history, &policy);
        prop_assert_eq!(at(BEGIN), again);
        prop_assert_eq!(at(again - Duration::seconds(early.min(seconds))), again);
        prop_assert_eq!(at(again), again);
    }
}

#[test]
fn every_class_of_failure_is_retried_for_thirty_days_and_never_too_often() {
    for class in CLASSES {
        for (fallback, staging) in [(false, false), (true, false), (false, true), (true, true)] {
            let policy = Policy {
                fallback,
                staging,
                ..policy()
            };
            let mut world = World::new(observed(None), policy);
            while world.now < BEGIN + Duration::days(30) {
                world.step(class);
            }
            let orders = world.orders.len();
            assert!(orders >= 28, "{class:?}: {orders} orders are too few");
            assert!(orders <= 2000, "{class:?}: {orders} orders are too many");
            if class == Class::Validation {
                assert!(world.most_in_an_hour() <= 3);
            }
        }
    }
}

#[test]
fn certificates_of_twenty_seconds_are_renewed_a_hundred_times() {
    let mut world = World::new(observed(None), policy());
    let mut renewed = 0;
    while renewed < 100 {
        let Action::Order(_) = next(world.now, &world.observed, &world.history, &world.policy)
        else {
            world.step(Class::Network);
            continue;
        };
        let certificate = ObservedCertificate {
            not_before: world.now,
            not_after: world.now + Duration::seconds(20),
            ..certificate(LIFE)
        };
        let valid = |old: ObservedCertificate| world.now < old.not_after - Duration::seconds(5);
        assert!(world.observed.certificate.is_none_or(valid));
        world.observed.certificate = Some(certificate);
        let at = world.now;
        world.history.record_success(Success {
            at,
            ca: CaRole::Primary,
            challenge: None,
        });
        renewed += 1;
    }
}

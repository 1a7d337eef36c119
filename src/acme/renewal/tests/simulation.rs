//! The schedule over days and years, against CAs that fail in every way.

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

/// What has happened when everything was ordered that should be.
struct World {
    now: OffsetDateTime,
    standing: Standing,
    history: History,
    policy: Policy,
    orders: Vec<(OffsetDateTime, Ca)>,
}

impl World {
    fn new(standing: Standing, policy: Policy) -> Self {
        Self {
            now: BEGIN,
            standing,
            history: History::default(),
            policy,
            orders: Vec::new(),
        }
    }

    /// Does the next thing; each order fails as `class` and takes a second, as each poll does.
    fn step(&mut self, class: Class) {
        match next(self.now, &self.standing, &self.history, &self.policy) {
            Action::Wait { until, .. } => {
                assert!(until > self.now, "a wait for the past would spin");
                self.now = until;
            }
            Action::PollRenewalInfo => {
                self.now += Duration::SECOND;
                self.history.record_poll_failed(self.now, None);
            }
            Action::Order(order) => {
                self.orders.push((self.now, order.ca));
                self.now += Duration::SECOND;
                let challenge = order.challenges.first().copied();
                let problem = Problem::new(class, "no");
                let failure = Failure::new(self.now, problem, order.ca, challenge);
                self.history.record_failure(failure);
            }
            Action::ClockWrong { sentence } => panic!("{sentence}"),
        }
    }

    /// The most orders that came within an hour.
    fn most_in_an_hour(&self) -> usize {
        let within = |begin: OffsetDateTime| {
            let is_within =
                |(at, _): &&(OffsetDateTime, Ca)| (begin..begin + Duration::hours(1)).contains(at);
            self.orders.iter().filter(is_within).count()
        };
        let counts = self.orders.iter().map(|(at, _)| within(*at));
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

fn any_held() -> impl Strategy<Value = Held> {
    let life = prop_oneof![20..2000_i64, 100_000..9_000_000_i64];
    (life, any::<bool>()).prop_map(|(seconds, renewal_info)| Held {
        renewal_info,
        ..held(Duration::seconds(seconds))
    })
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let certificate = prop::option::of(any_held());
    (certificate, any::<bool>(), -1.0..1.0).prop_map(|(certificate, names_match, jitter)| {
        Standing {
            names_match,
            jitter,
            ..standing(certificate)
        }
    })
}

fn any_ca() -> impl Strategy<Value = Ca> {
    prop_oneof![Just(Ca::Primary), Just(Ca::Fallback), Just(Ca::Staging)]
}

fn any_class() -> impl Strategy<Value = Class> {
    prop::sample::select(CLASSES.to_vec())
}

/// Failures of the thirty days before some moment, each perhaps with a time to come again.
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
    fn no_state_means_stop(
        standing in any_standing(),
        history in any_history(BEGIN),
        policy in any_policy(),
        class in any_class(),
    ) {
        let mut world = World::new(standing, policy);
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
        let end = world.standing.certificate.map_or(begin, |held| held.not_after);
        prop_assert!(world.now <= end.max(begin) + Duration::days(9));
    }

    #[test]
    fn after_every_failure_comes_another_attempt(
        standing in any_standing(),
        policy in any_policy(),
        classes in prop::collection::vec(any_class(), 60),
    ) {
        let mut world = World::new(standing, policy);
        for _ in 0..20_000 {
            let Some(class) = classes.get(world.orders.len()) else {
                break;
            };
            world.step(*class);
        }
        prop_assert_eq!(world.orders.len(), 60);
        let gap = |pair: &[(OffsetDateTime, Ca)]| pair[1].0 - pair[0].0;
        let longest = world.orders.windows(2).map(gap).max().unwrap();
        prop_assert!(longest <= Duration::days(1) + Duration::SECOND, "{longest}");
    }

    #[test]
    fn a_renewal_begins_before_the_last_quarter(
        mut held in any_held(),
        jitter in -1.0..1.0,
        history in any_history(BEGIN - Duration::days(60)),
        poll in any::<bool>(),
    ) {
        held.renewal_info = poll;
        let mut settled = history;
        let at = BEGIN - Duration::days(20);
        let renewal = settled.renewal().cloned();
        settled.record_success(Success { at, ca: Ca::Primary, challenge: None });
        renewal.into_iter().for_each(|renewal| settled.record_renewal(renewal, None));
        let mut world = World::new(Standing { jitter, ..standing(Some(held)) }, policy());
        world.history = settled;
        for _ in 0..10_000 {
            if world.orders.is_empty() {
                world.step(Class::Network);
            }
        }
        let (begun, _) = world.orders[0];
        let hard_line = held.not_after - (held.not_after - held.not_before) / 4;
        // A poll takes a second here.
        prop_assert!(begun <= hard_line + Duration::SECOND, "{begun} after {hard_line}");
    }

    #[test]
    fn nothing_is_ordered_while_an_order_is_in_flight(
        standing in any_standing(),
        history in any_history(BEGIN),
        policy in any_policy(),
        second in 0..20_000_000_i64,
    ) {
        let standing = Standing { in_flight: true, ..standing };
        let now = BEGIN + Duration::seconds(second);
        let action = next(now, &standing, &history, &policy);
        prop_assert!(matches!(action, Action::Wait { .. }), "{action:?}");
    }

    #[test]
    fn no_more_than_three_validations_fail_in_an_hour_whatever_happens(
        standing in any_standing(),
        policy in any_policy(),
        classes in prop::collection::vec(any_class(), 80),
        restarts in prop::collection::vec(any::<bool>(), 80),
    ) {
        let mut world = World::new(standing, policy);
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
        standing in any_standing(),
        policy in any_policy(),
        seconds in 1..600_000_i64,
        limited in any::<bool>(),
        early in 0..600_000_i64,
    ) {
        let class = if limited { Class::RateLimited } else { Class::Network };
        let standing = Standing { names_match: false, ..standing };
        let again = BEGIN + Duration::seconds(seconds);
        let history = history([asked(BEGIN, class, again)]);
        let policy = Policy { fallback: false, ..policy };
        let at = |now| order_at(now, &standing, &history, &policy);
        prop_assert_eq!(at(BEGIN), again);
        prop_assert_eq!(at(again - Duration::seconds(early.min(seconds))), again);
        prop_assert_eq!(at(again), again);
    }
}

#[test]
fn every_way_of_failing_is_tried_for_thirty_days_and_never_too_often() {
    for class in CLASSES {
        for (fallback, staging) in [(false, false), (true, false), (false, true), (true, true)] {
            let policy = Policy {
                fallback,
                staging,
                ..policy()
            };
            let mut world = World::new(standing(None), policy);
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
    let mut world = World::new(standing(None), policy());
    let mut renewed = 0;
    while renewed < 100 {
        let Action::Order(_) = next(world.now, &world.standing, &world.history, &world.policy)
        else {
            world.step(Class::Network);
            continue;
        };
        let held = Held {
            not_before: world.now,
            not_after: world.now + Duration::seconds(20),
            ..held(LIFE)
        };
        let valid = |old: Held| world.now < old.not_after - Duration::seconds(5);
        assert!(world.standing.certificate.is_none_or(valid));
        world.standing.certificate = Some(held);
        let at = world.now;
        world.history.record_success(Success {
            at,
            ca: Ca::Primary,
            challenge: None,
        });
        renewed += 1;
    }
}

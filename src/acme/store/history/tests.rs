//! The history across restarts, certificates and clock changes.

use time::macros::datetime;

use crate::{
    acme::store::{FileStore, history::*},
    tls::testing::Folder,
};

const NOW: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);

fn failure(minutes: i64, class: Class) -> Failure {
    let problem = Problem::new(class, "no");
    let challenge = Some(ChallengeKind::Http01);
    Failure::new(
        NOW + Duration::minutes(minutes),
        problem,
        CaRole::Primary,
        challenge,
    )
}

fn success(minutes: i64) -> Success {
    Success {
        at: NOW + Duration::minutes(minutes),
        ca: CaRole::Primary,
        challenge: Some(ChallengeKind::Dns01),
    }
}

fn history(failures: &[(i64, Class)]) -> History {
    let mut history = History::default();
    for (minutes, class) in failures {
        history.record_failure(failure(*minutes, *class));
    }
    history
}

#[test]
fn a_history_survives_a_restart() {
    let folder = Folder::new();
    let store = FileStore::open(&folder.path("state"));
    let mut history = history(&[(0, Class::Validation)]);
    history.record_success(success(1));
    let window = (NOW, NOW + Duration::days(1));
    history.record_renewal(Renewal::choose(window, 0.5, None, NOW), None);
    history.record_failure(failure(2, Class::RateLimited));
    history.save(&store, "home").unwrap();
    let later = NOW + Duration::hours(1);
    assert_eq!(History::load(&store, "home", later).unwrap(), history);
}

#[test]
fn a_damaged_history_is_replaced_by_an_empty_one() {
    let folder = Folder::new();
    let store = FileStore::open(&folder.path("state"));
    store
        .write(&Entry::new(Kind::History, "home"), b"[]")
        .unwrap();
    assert_eq!(
        History::load(&store, "home", NOW).unwrap(),
        History::default()
    );
}

#[test]
fn any_answer_ends_a_run_of_network_faults_but_not_of_other_classes() {
    let network = [(0, Class::Network), (1, Class::Network)];
    let mut history = history(&network);
    assert_eq!(history.consecutive(CaRole::Primary, Class::Network), 2);
    assert_eq!(history.consecutive(CaRole::Fallback, Class::Network), 0);
    history.record_failure(failure(2, Class::Validation));
    assert_eq!(history.consecutive(CaRole::Primary, Class::Network), 0);
    history.record_failure(failure(3, Class::Network));
    history.record_failure(failure(4, Class::Validation));
    assert_eq!(history.consecutive(CaRole::Primary, Class::Validation), 2);
}

#[test]
fn a_certificate_settles_failures_which_still_count_for_rate_limits() {
    let mut history = history(&[(0, Class::Validation), (1, Class::Validation)]);
    history.record_success(success(2));
    assert_eq!(history.last_failure(), None);
    assert_eq!(history.consecutive(CaRole::Primary, Class::Validation), 0);
    assert_eq!(history.worked(), Some(ChallengeKind::Dns01));
    let hour = NOW - Duration::hours(1);
    assert_eq!(history.validations_failed_since(hour).len(), 2);
}

#[test]
fn a_history_is_bounded() {
    let mut history = History::default();
    for minute in 0..200 {
        history.record_failure(failure(minute, Class::Network));
        history.record_success(success(minute));
    }
    assert_eq!(
        (history.failures.len(), history.successes.len()),
        (FAILURES, SUCCESSES)
    );
    assert_eq!(history.last_success(), Some(&success(199)));
}

#[test]
fn moments_in_the_future_are_moved_to_now() {
    let year = 365 * 24 * 60;
    let mut ahead = failure(year, Class::RateLimited);
    ahead.problem.retry_after = Some(ahead.at + Duration::hours(2));
    let mut history = History::default();
    history.record_failure(ahead);
    history.redate(NOW);
    let failure = history.last_failure().unwrap();
    assert_eq!(failure.at, NOW);
    assert_eq!(failure.problem.retry_after, Some(NOW + Duration::hours(2)));
}

#[test]
fn the_chosen_moment_is_constant_while_the_window_is() {
    let mut history = History::default();
    let window = (NOW, NOW + Duration::days(2));
    history.record_renewal(Renewal::choose(window, 0.25, None, NOW), None);
    history.record_renewal(Renewal::choose(window, 0.75, None, NOW), None);
    let chosen = |history: &History| history.renewal().unwrap().chosen;
    assert_eq!(chosen(&history), NOW + Duration::hours(12));
    let past = (NOW - Duration::days(2), NOW - Duration::days(1));
    history.record_renewal(Renewal::choose(past, 0.5, None, NOW), None);
    assert!(chosen(&history) < NOW);
}

#[test]
fn the_interval_of_polls_follows_retry_after_within_limits() {
    let mut history = History::default();
    let mut interval = |retry_after: Option<Duration>| {
        let retry_after = retry_after.map(|retry_after| NOW + retry_after);
        history.record_poll_failed(NOW, retry_after);
        history.poll_again_at().unwrap() - NOW
    };
    assert_eq!(interval(Some(Duration::hours(2))), Duration::hours(2));
    assert_eq!(interval(Some(Duration::ZERO)), Duration::minutes(1));
    assert_eq!(interval(Some(Duration::days(99))), Duration::days(1));
    assert_eq!(interval(None), Duration::hours(1));
}

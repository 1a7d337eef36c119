//! How long each class of problem keeps from trying again.

use time::{Duration, OffsetDateTime};

use super::Standing;
use crate::acme::{
    history::{Ca, Failure, History},
    problem::Class,
};

/// What keeps from trying, and until when.
pub(super) struct HeldBack {
    pub(super) until: OffsetDateTime,
    pub(super) why: String,
}

impl HeldBack {
    /// The same, and no longer than until a moment.
    pub(super) fn until_at_most(mut self, moment: OffsetDateTime) -> Self {
        self.until = self.until.min(moment);
        self
    }
}

/// Part by which the jitter moves our own waits, so that sets that failed together are retried
/// apart.
const JITTER: f64 = 0.1;
const NETWORK: Duration = Duration::seconds(30);
const HOUR: Duration = Duration::hours(1);
const DAY: Duration = Duration::days(1);
/// So many validations of a name may fail in an hour; Let's Encrypt allows five.
const VALIDATIONS_AN_HOUR: usize = 3;
/// No CA has a limit that lasts for longer than a week; a longer wait would mean "stop".
const LONGEST_RETRY_AFTER: Duration = Duration::days(8);
/// So often in a row the CA's `Retry-After` is taken alone, if it is shorter than our own wait.
const TRUSTED: usize = 5;

/// What keeps from trying at a CA, whose staging CA waits with it.
pub(super) fn at_ca(ca: Ca, standing: &Standing, history: &History) -> Option<HeldBack> {
    let last = lane(ca, history).next_back()?;
    let pause = pause(last, ca, standing, history);
    let pause = (pause + pause * (JITTER * standing.jitter)).min(DAY);
    let own = last.at.saturating_add(pause);
    let asked = lane(ca, history).filter_map(retry_after).max();
    let until = asked.map_or(own, |asked| match is_trusted(last, ca, history) {
        true => asked,
        false => asked.max(own),
    });
    let why = last.problem.detail.clone();
    Some(HeldBack { until, why })
}

/// What keeps from trying anywhere: too many failed validations in an hour.
pub(super) fn everywhere(now: OffsetDateTime, history: &History) -> Option<HeldBack> {
    let failed = history.validations_failed_since(now.saturating_sub(HOUR));
    let third_last = failed.iter().rev().nth(VALIDATIONS_AN_HOUR - 1)?;
    Some(HeldBack {
        until: third_last.saturating_add(HOUR),
        why: "three validations have failed within an hour".into(),
    })
}

/// What counts for a CA. At its staging CA only the proof is tried; that it could not be tried
/// there keeps from nothing.
fn lane(ca: Ca, history: &History) -> impl DoubleEndedIterator<Item = &Failure> {
    history.unsettled().filter(move |failure| match failure.ca {
        Ca::Staging => ca == Ca::Primary && is_about_proof(failure),
        other => other == ca,
    })
}

/// Whether the proof itself failed, on the CA's side or on ours.
pub(super) fn is_about_proof(failure: &Failure) -> bool {
    matches!(failure.problem.class, Class::Validation | Class::Provider)
}

fn retry_after(failure: &Failure) -> Option<OffsetDateTime> {
    let longest = failure.at.saturating_add(LONGEST_RETRY_AFTER);
    let asked = failure.problem.retry_after?.min(longest);
    (asked > failure.at).then_some(asked)
}

/// Whether the CA itself has just said when to come again, and does not keep saying "soon".
fn is_trusted(last: &Failure, ca: Ca, history: &History) -> bool {
    let class = last.problem.class;
    matches!(class, Class::Network | Class::RateLimited)
        && retry_after(last).is_some()
        && history.consecutive(ca, class) <= TRUSTED
}

/// The wait after the last failure, by its class.
fn pause(last: &Failure, ca: Ca, standing: &Standing, history: &History) -> Duration {
    let class = last.problem.class;
    let times = history.consecutive(ca, class);
    match class {
        Class::Network => doubled(NETWORK, times, HOUR),
        Class::RateLimited => doubled(HOUR, times, DAY),
        Class::Paused | Class::Refused => DAY,
        Class::Validation | Class::Provider | Class::Local | Class::Unusable => {
            after_work(last, lane_of_work(ca, history), standing)
        }
        Class::AlreadyReplaced | Class::InvalidProfile | Class::AccountGone | Class::OrderGone => {
            match times {
                0 | 1 => Duration::ZERO,
                _ => doubled(NETWORK, times - 1, HOUR),
            }
        }
    }
}

/// How often the work was done and was in vain.
fn lane_of_work(ca: Ca, history: &History) -> usize {
    let is_work =
        |failure: &&Failure| is_about_proof(failure) || failure.problem.class == Class::Unusable;
    lane(ca, history).filter(is_work).count()
}

/// First it is tried soon, for what passes by itself; then a person has to come.
fn after_work(last: &Failure, times: usize, standing: &Standing) -> Duration {
    match times {
        0 | 1 => Duration::minutes(1),
        2 => Duration::minutes(10),
        3 => Duration::minutes(100),
        _ => {
            let end = standing.certificate.map(|held| held.not_after);
            let remaining = end.map_or(Duration::ZERO, |end| end - last.at);
            (remaining / 8_i32).clamp(HOUR, DAY)
        }
    }
}

fn doubled(first: Duration, times: usize, longest: Duration) -> Duration {
    // Sixteen doublings of any first wait are longer than any longest.
    let doublings = times.saturating_sub(1).min(16);
    (0..doublings).fold(first, |wait, _| (wait * 2_i32).min(longest))
}

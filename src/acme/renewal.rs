//! What to do next for a certificate set: the whole schedule as one pure function.
//!
//! It reads no clock, draws no numbers and touches nothing; who acts calls it again at the moment
//! it names, after every event, and at least once a minute, because wall clocks jump. It never
//! says "stop".

mod attempt;
mod backoff;
mod clock;
mod target;

use time::{Duration, OffsetDateTime};

use super::history::{Ca, History};
use crate::config::model::ChallengeKind;

/// How a certificate set stands now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The certificate that is served, if there is one.
    pub certificate: Option<Held>,
    /// Whether it was ordered for the names that are configured now.
    pub names_match: bool,
    /// Whether an order or another step for this set is under way, in whatever process.
    pub in_flight: bool,
    /// From -1 to 1, always the same for a set; keeps sets and homes apart.
    pub jitter: f64,
    /// How far the CA's clock is ahead of ours, by the `Date` of an answer since the clock was
    /// last set; measure it again while it is [`Action::ClockWrong`].
    pub ca_ahead: Option<Duration>,
}

/// The certificate that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Begin of its validity.
    pub not_before: OffsetDateTime,
    /// End of it.
    pub not_after: OffsetDateTime,
    /// Which of the CAs issued it; none if it is no longer configured.
    pub issuer: Option<Ca>,
    /// Whether that CA says when to renew (RFC 9773).
    pub renewal_info: bool,
}

/// What is configured.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The challenges that can be answered, in the order to try them; never empty.
    pub challenges: Vec<ChallengeKind>,
    /// Whether there is a second CA for when the first will not.
    pub fallback: bool,
    /// Whether the first CA has a staging CA to try at first after failures.
    pub staging: bool,
    /// Whether orders name a profile.
    pub profile: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Order a certificate now.
    Order(Order),
    /// Ask the CA when it wants the certificate renewed, and take up what it says, or that it
    /// did not, in the history.
    PollRenewalInfo,
    /// Nothing before that moment.
    Wait {
        /// When to ask again; for a renewal never after the hard line.
        until: OffsetDateTime,
        /// Why, for the status.
        why: String,
    },
    /// Nothing before the clock is right; what there is, is served.
    ClockWrong {
        /// Cause and cure.
        sentence: String,
    },
}

/// How to order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Where; a certificate of [`Ca::Staging`] is thrown away, and only that it came is recorded.
    pub ca: Ca,
    /// Whether to say which certificate is replaced (RFC 9773, 5).
    pub replaces: bool,
    /// Whether to name the profile.
    pub profile: bool,
    /// The challenges, the one to try first in front.
    pub challenges: Vec<ChallengeKind>,
}

/// When to look again whether what is under way has ended.
const IN_FLIGHT: Duration = Duration::minutes(1);

/// What to do next for a certificate set; call [`History::redate`] before, should the clock have
/// been set back.
#[must_use]
pub fn next(
    now: OffsetDateTime,
    standing: &Standing,
    history: &History,
    policy: &Policy,
) -> Action {
    if let Some(sentence) = clock::fault(now, standing) {
        return Action::ClockWrong { sentence };
    }
    if standing.in_flight {
        let why = "an order is under way".into();
        return wait(now.saturating_add(IN_FLIGHT), why);
    }
    let due = target::due(now, standing, history);
    if target::poll_is_due(now, &due, standing, history) {
        return Action::PollRenewalInfo;
    }
    if now < due.at {
        let poll = target::poll_at(standing, history);
        return wait(poll.map_or(due.at, |poll| poll.min(due.at)), due.why.into());
    }
    let attempt = attempt::next(now, standing, history, policy);
    match attempt.held_back {
        Some(held_back) if now < held_back.until => wait(held_back.until, held_back.why),
        _ => Action::Order(attempt.order),
    }
}

/// How to order now because a person asks for it, whatever the schedule.
///
/// # Errors
/// Why not even a person should: validations have failed so often that the CA would lock the name.
pub fn asked(
    now: OffsetDateTime,
    standing: &Standing,
    history: &History,
    policy: &Policy,
) -> Result<Order, String> {
    if let Some(sentence) = clock::fault(now, standing) {
        return Err(sentence);
    }
    match backoff::everywhere(now, history).filter(|held_back| now < held_back.until) {
        Some(held_back) => Err(format!(
            "{}, and the CA would lock the name out; correct the cause, and ask again in {} min",
            held_back.why,
            (held_back.until - now).whole_minutes() + 1
        )),
        None => Ok(at_once(standing, history, policy)),
    }
}

/// How an order at the first CA is made now.
fn at_once(standing: &Standing, history: &History, policy: &Policy) -> Order {
    let probe = Policy {
        staging: false,
        ..policy.clone()
    };
    attempt::order(Ca::Primary, standing, history, &probe)
}

/// When a renewal is due, as far as that is known.
#[must_use]
pub fn due(now: OffsetDateTime, standing: &Standing, history: &History) -> OffsetDateTime {
    target::due(now, standing, history).at
}

/// Whether a certificate is so late that somebody should be told: a renewal by a tenth of its
/// life, and one that is missing as soon as an attempt at it has failed.
#[must_use]
pub fn overdue(now: OffsetDateTime, standing: &Standing, history: &History) -> bool {
    let held = standing.certificate.filter(|_| standing.names_match);
    let Some(held) = held else {
        return history.last_failure().is_some();
    };
    let spare = (held.not_after - held.not_before) / 10;
    now > target::due(now, standing, history).at.saturating_add(spare)
}

fn wait(until: OffsetDateTime, why: String) -> Action {
    Action::Wait { until, why }
}

#[cfg(test)]
mod tests;

//! The limits of a CA that belong to an account, and so to all its certificates.
//!
//! No type of error says if a limit is of one name or of the account, so it is tried: once two
//! certificates were refused in a row, the others wait as long, then one asks first. After it has
//! passed the others follow, spread.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use time::{Duration, OffsetDateTime};

use super::problem::Problem;
use crate::config::model::Authority;

/// The limits of all accounts.
#[derive(Default)]
pub(super) struct Pace(Mutex<HashMap<String, Account>>);

/// The answer to a certificate that is to be ordered now.
#[derive(Debug, PartialEq)]
pub(super) enum Admission {
    Now,
    /// Another one asks first, or is before it in the row.
    At(OffsetDateTime),
    /// The account's limit is used up.
    Limited(Problem),
}

/// The outcome of an order under the limits.
pub(super) enum Answer<'a> {
    /// The CA has taken it.
    Taken,
    /// It was refused until then.
    Limited(&'a Problem, OffsetDateTime),
    /// The limit is not known from it.
    Other,
}

/// The state of one account.
#[derive(Default)]
struct Account {
    /// The last certificate that was refused, with its end.
    refused: Option<(String, OffsetDateTime)>,
    limit: Option<Limit>,
    row: Row,
}

/// A limit that is the account's.
struct Limit {
    problem: Problem,
    until: OffsetDateTime,
    /// The certificate that asks first, and since when.
    first: Option<(String, OffsetDateTime)>,
}

/// The certificates that follow the first one.
#[derive(Default)]
struct Row {
    slots: HashMap<String, OffsetDateTime>,
    end: Option<OffsetDateTime>,
}

/// A limit that two names have each of their own must not hold up a third for longer.
const LONGEST: Duration = Duration::hours(1);
/// Between two that follow.
const GAP: Duration = Duration::seconds(1);
/// Interval between two checks for the answer of the first.
const LOOK: Duration = Duration::seconds(2);
/// A first one that has no answer by then is not waited for.
const NO_ANSWER: Duration = Duration::minutes(5);

impl Pace {
    /// Admits a certificate that is to be ordered from a CA now.
    pub(super) fn admit(&self, ca: &Authority, name: &str, now: OffsetDateTime) -> Admission {
        self.with(ca, |account| account.admit(name, now))
    }

    /// The limit of the account that is used up now, if one is.
    pub(super) fn limit(&self, ca: &Authority, now: OffsetDateTime) -> Option<Problem> {
        self.with(ca, |account| {
            let limit = account.limit.as_ref().filter(|limit| now < limit.until)?;
            Some(limit.problem.clone())
        })
    }

    /// Takes up what became of an order.
    pub(super) fn conclude(
        &self,
        ca: &Authority,
        name: &str,
        answer: &Answer<'_>,
        now: OffsetDateTime,
    ) {
        self.with(ca, |account| account.conclude(name, answer, now));
    }

    fn with<T>(&self, ca: &Authority, change: impl FnOnce(&mut Account) -> T) -> T {
        let key = ca.eab.as_ref().map_or("", |eab| eab.key_id.as_str());
        let account = format!("{} {key}", ca.directory);
        change(self.lock().entry(account).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn admit(&mut self, name: &str, now: OffsetDateTime) -> Admission {
        let Some(limit) = &mut self.limit else {
            return self.row.admit(name, now);
        };
        if now < limit.until {
            return Admission::Limited(limit.problem.clone());
        }
        let is_waited_for = |(first, since): &(String, OffsetDateTime)| {
            first != name && now < since.saturating_add(NO_ANSWER)
        };
        if limit.first.as_ref().is_some_and(is_waited_for) {
            return Admission::At(now.saturating_add(LOOK));
        }
        limit.first = Some((name.to_owned(), now));
        Admission::Now
    }

    fn conclude(&mut self, name: &str, answer: &Answer<'_>, now: OffsetDateTime) {
        match answer {
            Answer::Taken => self.open(now),
            Answer::Limited(problem, until) => self.refuse(name, problem, *until, now),
            Answer::Other => self.forget_first(name),
        }
    }

    fn open(&mut self, now: OffsetDateTime) {
        self.refused = None;
        if self.limit.take().is_some() {
            self.row = Row {
                slots: HashMap::new(),
                end: Some(now),
            };
        }
    }

    fn refuse(
        &mut self,
        name: &str,
        problem: &Problem,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) {
        let last = self.refused.replace((name.to_owned(), until));
        let other = last.filter(|(last, end)| last != name && *end > now);
        let is_of_account = self.limit.is_some() || other.is_some();
        if is_of_account {
            let until = until.min(now.saturating_add(LONGEST));
            self.limit = Some(Limit {
                problem: Problem {
                    retry_after: Some(until),
                    ..problem.clone()
                },
                until,
                first: None,
            });
        }
    }

    fn forget_first(&mut self, name: &str) {
        let Some(limit) = &mut self.limit else { return };
        if limit.first.as_ref().is_some_and(|(first, _)| first == name) {
            limit.first = None;
        }
    }
}

impl Row {
    fn admit(&mut self, name: &str, now: OffsetDateTime) -> Admission {
        let Some(end) = self.end else {
            return Admission::Now;
        };
        if let Some(slot) = self.slots.get(name).copied() {
            return self.enter(name, slot, now);
        }
        if self.slots.is_empty() && end.saturating_add(LONGEST) < now {
            self.end = None;
            return Admission::Now;
        }
        let slot = end.max(now).saturating_add(GAP);
        self.end = Some(slot);
        self.slots.insert(name.to_owned(), slot);
        Admission::At(slot)
    }

    fn enter(&mut self, name: &str, slot: OffsetDateTime, now: OffsetDateTime) -> Admission {
        if now < slot {
            return Admission::At(slot);
        }
        self.slots.remove(name);
        Admission::Now
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::acme::problem::Class;

    const NOW: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);

    fn ca() -> Authority {
        Authority {
            directory: "https://ca.example/directory".into(),
            root: None,
            eab: None,
        }
    }

    fn limited(pace: &Pace, name: &str, wait: Duration, now: OffsetDateTime) {
        let problem = Problem::new(Class::RateLimited, "too many new orders");
        let answer = Answer::Limited(&problem, now + wait);
        pace.conclude(&ca(), name, &answer, now);
    }

    #[test]
    fn a_limit_of_one_name_holds_up_no_other() {
        let pace = Pace::default();
        limited(&pace, "a", Duration::DAY, NOW);
        limited(&pace, "a", Duration::DAY, NOW);
        assert_eq!(pace.admit(&ca(), "b", NOW), Admission::Now);
        pace.conclude(&ca(), "b", &Answer::Taken, NOW);
        limited(&pace, "c", Duration::DAY, NOW);
        assert_eq!(pace.admit(&ca(), "d", NOW), Admission::Now);
    }

    #[test]
    fn under_a_limit_of_the_account_one_asks_first_and_the_others_follow_spread() {
        let pace = Pace::default();
        let wait = Duration::minutes(1);
        limited(&pace, "a", wait, NOW);
        limited(&pace, "b", wait, NOW);
        let told = pace.admit(&ca(), "c", NOW);
        assert!(
            matches!(told, Admission::Limited(problem) if problem.retry_after == Some(NOW + wait))
        );
        let then = NOW + wait;
        assert_eq!(pace.admit(&ca(), "c", then), Admission::Now);
        assert_eq!(pace.admit(&ca(), "d", then), Admission::At(then + LOOK));
        // The first one is refused again, then another passes.
        limited(&pace, "c", wait, then);
        assert!(matches!(
            pace.admit(&ca(), "d", then),
            Admission::Limited(_)
        ));
        let then = then + wait;
        assert_eq!(pace.admit(&ca(), "d", then), Admission::Now);
        pace.conclude(&ca(), "d", &Answer::Taken, then);
        for (nth, name) in (1..).zip(["a", "b", "c"]) {
            let slot = then + GAP * nth;
            assert_eq!(pace.admit(&ca(), name, then), Admission::At(slot));
            assert_eq!(pace.admit(&ca(), name, slot), Admission::Now);
        }
    }

    #[test]
    fn a_first_one_without_an_answer_gives_its_place_up() {
        let pace = Pace::default();
        limited(&pace, "a", GAP, NOW);
        limited(&pace, "b", GAP, NOW);
        let then = NOW + GAP;
        assert_eq!(pace.admit(&ca(), "a", then), Admission::Now);
        pace.conclude(&ca(), "a", &Answer::Other, then);
        assert_eq!(pace.admit(&ca(), "b", then), Admission::Now);
        assert_eq!(pace.admit(&ca(), "a", then + NO_ANSWER), Admission::Now);
    }

    #[test]
    fn a_long_limit_is_tried_by_one_after_an_hour() {
        let pace = Pace::default();
        limited(&pace, "a", Duration::WEEK, NOW);
        limited(&pace, "b", Duration::WEEK, NOW);
        assert_eq!(pace.admit(&ca(), "c", NOW + LONGEST), Admission::Now);
    }
}

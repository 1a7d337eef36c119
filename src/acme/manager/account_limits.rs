//! The rate limits that a CA applies to an account, and so to all its certificates.
//!
//! An error does not say if a limit applies to one name or to the account. Two certificates refused
//! in a row count as a limit of the account: the others wait until it ends, then one of them
//! probes, and the others follow at intervals.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use time::{Duration, OffsetDateTime};

use crate::{acme::problem::Problem, config::model::Ca};

/// The rate limits of all accounts.
#[derive(Default)]
pub(crate) struct AccountLimits(Mutex<HashMap<String, Account>>);

/// The permission to place an order now.
#[derive(Debug, PartialEq)]
pub(crate) enum Admission {
    /// The order may be placed.
    Now,
    /// The order has to wait: another certificate probes the limit, or is before it in the queue.
    At(OffsetDateTime),
    /// The rate limit of the account is used up.
    Limited(Problem),
}

/// The outcome of an order with regard to rate limits.
pub(crate) enum Outcome<'a> {
    /// The CA accepted the order.
    Accepted,
    /// The CA refused the order until a moment.
    Limited(&'a Problem, OffsetDateTime),
    /// The outcome does not depend on a rate limit.
    Other,
}

/// The state of one account.
#[derive(Default)]
struct Account {
    last_refusal: Option<Refusal>,
    limit: Option<Limit>,
    queue: Queue,
}

/// The refusal of a certificate.
struct Refusal {
    name: String,
    until: OffsetDateTime,
}

/// A rate limit of the account.
struct Limit {
    problem: Problem,
    until: OffsetDateTime,
    probe: Option<Probe>,
}

/// The order that is placed first after the limit has ended.
struct Probe {
    name: String,
    since: OffsetDateTime,
}

/// The certificates that follow the probe.
#[derive(Default)]
struct Queue {
    slots: HashMap<String, OffsetDateTime>,
    end: Option<OffsetDateTime>,
}

/// The longest wait for a limit, because it may be two limits of single names.
const LONGEST: Duration = Duration::hours(1);
/// Interval between two orders of the queue.
const GAP: Duration = Duration::seconds(1);
/// Interval at which waiting certificates check for the outcome of the probe.
const CHECK: Duration = Duration::seconds(2);
/// Longest wait for the outcome of a probe.
const PROBE_TIMEOUT: Duration = Duration::minutes(5);

impl AccountLimits {
    /// Decides if a certificate may be ordered from a CA now.
    pub(crate) fn admit(&self, ca: &Ca, name: &str, now: OffsetDateTime) -> Admission {
        self.with(ca, |account| account.admit(name, now))
    }

    /// Returns the rate limit of the account that is used up now, if any.
    pub(crate) fn limit(&self, ca: &Ca, now: OffsetDateTime) -> Option<Problem> {
        self.with(ca, |account| {
            let limit = account.limit.as_ref().filter(|limit| now < limit.until)?;
            Some(limit.problem.clone())
        })
    }

    /// Records the outcome of an order.
    pub(crate) fn record(&self, ca: &Ca, name: &str, outcome: &Outcome<'_>, now: OffsetDateTime) {
        self.with(ca, |account| account.record(name, outcome, now));
    }

    fn with<T>(&self, ca: &Ca, change: impl FnOnce(&mut Account) -> T) -> T {
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
            return self.queue.admit(name, now);
        };
        if now < limit.until {
            return Admission::Limited(limit.problem.clone());
        }
        let is_pending =
            |probe: &Probe| probe.name != name && now < probe.since.saturating_add(PROBE_TIMEOUT);
        if limit.probe.as_ref().is_some_and(is_pending) {
            return Admission::At(now.saturating_add(CHECK));
        }
        limit.probe = Some(Probe {
            name: name.to_owned(),
            since: now,
        });
        Admission::Now
    }

    fn record(&mut self, name: &str, outcome: &Outcome<'_>, now: OffsetDateTime) {
        match outcome {
            Outcome::Accepted => self.lift(now),
            Outcome::Limited(problem, until) => self.refuse(name, problem, *until, now),
            Outcome::Other => self.forget_probe(name),
        }
    }

    fn lift(&mut self, now: OffsetDateTime) {
        self.last_refusal = None;
        if self.limit.take().is_some() {
            self.queue = Queue {
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
        let refusal = Refusal {
            name: name.to_owned(),
            until,
        };
        let last = self.last_refusal.replace(refusal);
        let other = last.filter(|last| last.name != name && last.until > now);
        let is_of_account = self.limit.is_some() || other.is_some();
        if is_of_account {
            let until = until.min(now.saturating_add(LONGEST));
            self.limit = Some(Limit {
                problem: Problem {
                    retry_after: Some(until),
                    ..problem.clone()
                },
                until,
                probe: None,
            });
        }
    }

    fn forget_probe(&mut self, name: &str) {
        let Some(limit) = &mut self.limit else { return };
        if limit.probe.as_ref().is_some_and(|probe| probe.name == name) {
            limit.probe = None;
        }
    }
}

impl Queue {
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
mod tests;

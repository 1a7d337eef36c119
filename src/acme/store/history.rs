//! The history of a certificate: its attempts, which the renewal schedule depends on.
//!
//! Stored across restarts, so that a loop of restarts sends a CA no more orders than one long-lived
//! process does.

mod delivery;
mod renewal_window;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

pub use self::{delivery::Delivery, renewal_window::Renewal};

use super::{Entry, Fault, Kind, Store};
use crate::{
    acme::problem::{Class, Problem},
    config::model::ChallengeKind,
};

/// The attempts at a certificate so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// The last 64 failures, oldest first.
    failures: Vec<Failure>,
    /// The last 8 certificates, oldest first.
    successes: Vec<Success>,
    /// True if the staging CA has issued since a validation last failed at another CA.
    probe_passed: bool,
    /// The last renewal information.
    renewal: Option<Renewal>,
    /// The moment to request renewal information again.
    #[serde(with = "time::serde::rfc3339::option")]
    poll_again_at: Option<OffsetDateTime>,
    /// The delivery of copies to other programs, from its start until it succeeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
}

/// The role of a CA in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaRole {
    /// The CA that is tried first.
    Primary,
    /// The CA that is tried when the primary one fails.
    Fallback,
    /// The primary CA's staging CA; its failures do not count for rate limits.
    Staging,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The moment of the failure.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The problem, by which the schedule waits.
    pub problem: Problem,
    /// The CA of the attempt.
    pub ca: CaRole,
    /// The challenge that was tried, if the attempt reached one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeKind>,
    /// Cause and cure in one sentence, made while the validation requests were known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sentence: String,
    /// True if a certificate was issued since; the failure then counts for rate limits only.
    #[serde(default)]
    settled: bool,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// The moment it was stored.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The CA that issued it.
    pub ca: CaRole,
    /// The challenge that succeeded; none if the CA reused an earlier authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeKind>,
}

/// Failures that are stored.
const FAILURES: usize = 64;
/// Certificates that are stored.
const SUCCESSES: usize = 8;

impl Failure {
    /// Creates a failure without a sentence.
    #[must_use]
    pub fn new(
        at: OffsetDateTime,
        problem: Problem,
        ca: CaRole,
        challenge: Option<ChallengeKind>,
    ) -> Self {
        Self {
            at,
            problem,
            ca,
            challenge,
            sentence: String::new(),
            settled: false,
        }
    }

    /// Sets the sentence with cause and cure.
    #[must_use]
    pub fn with_sentence(self, sentence: String) -> Self {
        Self { sentence, ..self }
    }

    /// Returns true if the CA tried to validate a challenge and failed.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        let class = self.problem.class;
        // A refusal during the validation counts as a failed validation at the CA.
        class == Class::Validation || class == Class::Refused && self.challenge.is_some()
    }
}

impl History {
    /// Loads the history of a certificate; a damaged one is set aside and replaced by an empty one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn load(store: &dyn Store, name: &str, now: OffsetDateTime) -> Result<Self, Fault> {
        let history: Option<Self> = Entry::new(Kind::History, name).load(store)?;
        let mut history = history.unwrap_or_default();
        history.redate(now);
        Ok(history)
    }

    /// Saves the history of a certificate.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn save(&self, store: &dyn Store, name: &str) -> Result<(), Fault> {
        Entry::new(Kind::History, name).save(store, self)
    }

    /// Records a failed attempt.
    pub fn record_failure(&mut self, failure: Failure) {
        self.redate(failure.at);
        if failure.ca != CaRole::Staging && failure.is_validation() {
            self.probe_passed = false;
        }
        self.failures.push(failure);
        self.drop_oldest();
    }

    /// Records a certificate that was stored. Settles earlier failures and forgets the renewal
    /// information of the old certificate.
    pub fn record_success(&mut self, success: Success) {
        self.redate(success.at);
        for failure in &mut self.failures {
            failure.settled = true;
        }
        self.probe_passed = false;
        self.renewal = None;
        self.poll_again_at = None;
        if let Some(delivery) = &mut self.delivery {
            delivery.restart();
        }
        self.successes.push(success);
        self.drop_oldest();
    }

    /// Records that the staging CA has issued, so that the primary CA is tried again at once.
    pub fn record_probe_passed(&mut self) {
        self.probe_passed = true;
    }

    /// Moves moments in the future, recorded by a wrong clock, to `now`.
    ///
    /// Otherwise the schedule would wait until these moments.
    pub fn redate(&mut self, now: OffsetDateTime) {
        for failure in &mut self.failures {
            let ahead = failure.at - now;
            if ahead > Duration::ZERO {
                failure.at = now;
                if let Some(retry_after) = failure.problem.retry_after.as_mut() {
                    *retry_after = retry_after.saturating_sub(ahead);
                }
            }
        }
        for success in &mut self.successes {
            success.at = success.at.min(now);
        }
        if let Some(delivery) = &mut self.delivery {
            delivery.redate(now);
        }
        let latest = now.saturating_add(Duration::DAY);
        self.poll_again_at = self.poll_again_at.map(|at| at.min(latest));
    }

    /// Returns the failures since the last certificate, oldest first.
    pub fn unsettled(&self) -> impl DoubleEndedIterator<Item = &Failure> {
        self.failures.iter().filter(|failure| !failure.settled)
    }

    /// Returns the last failure, if no certificate was issued since.
    #[must_use]
    pub fn last_failure(&self) -> Option<&Failure> {
        self.failures.last().filter(|failure| !failure.settled)
    }

    /// Returns the last certificate.
    #[must_use]
    pub fn last_success(&self) -> Option<&Success> {
        self.successes.last()
    }

    /// Returns the last eight certificates, oldest first.
    #[must_use]
    pub fn successes(&self) -> &[Success] {
        &self.successes
    }

    /// Returns the challenge that last succeeded.
    #[must_use]
    pub fn worked(&self) -> Option<ChallengeKind> {
        let challenge = |success: &Success| success.challenge;
        self.successes.iter().rev().find_map(challenge)
    }

    /// Returns true if the staging CA has issued since a validation last failed at another CA.
    #[must_use]
    pub fn probe_passed(&self) -> bool {
        self.probe_passed
    }

    /// Counts the failures of a class at a CA since the last certificate.
    ///
    /// Failures of other classes in between are skipped, but any answer of the CA ends a run of
    /// [`Class::Network`].
    #[must_use]
    pub fn consecutive(&self, ca: CaRole, class: Class) -> usize {
        let at_ca = self.unsettled().filter(|failure| failure.ca == ca).rev();
        let is_same = |failure: &&Failure| failure.problem.class == class;
        match class {
            Class::Network => at_ca.take_while(is_same).count(),
            _ => at_ca.filter(is_same).count(),
        }
    }

    /// Returns the moments of failed validations at any CA since a moment, oldest first, settled or
    /// not.
    #[must_use]
    pub fn validations_failed_since(&self, moment: OffsetDateTime) -> Vec<OffsetDateTime> {
        let is_recent = |failure: &&Failure| failure.is_validation() && failure.at > moment;
        self.failures
            .iter()
            .filter(is_recent)
            .map(|failure| failure.at)
            .collect()
    }

    fn drop_oldest(&mut self) {
        let failures = self.failures.len().saturating_sub(FAILURES);
        self.failures.drain(..failures);
        let successes = self.successes.len().saturating_sub(SUCCESSES);
        self.successes.drain(..successes);
    }

    /// Returns the last renewal information of the certificate.
    #[must_use]
    pub fn renewal(&self) -> Option<&Renewal> {
        self.renewal.as_ref()
    }

    /// Returns the moment to request renewal information again; at once if none.
    #[must_use]
    pub fn poll_again_at(&self) -> Option<OffsetDateTime> {
        self.poll_again_at
    }
}

#[cfg(test)]
mod tests;

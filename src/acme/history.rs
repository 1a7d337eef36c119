//! What happened with a certificate set so far; what the scheduler goes by.
//!
//! Kept over restarts, because a loop of restarts must ask no more of a CA than one long life.

mod delivery;
mod renewal_window;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

pub use delivery::Delivery;
pub use renewal_window::Renewal;

use super::{
    problem::{Class, Problem},
    store::{self, Entry, Fault, Kind, Store},
};
use crate::config::model::ChallengeKind;

/// What happened with a certificate set so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// What failed, oldest first; the last sixty-four.
    failures: Vec<Failure>,
    /// The certificates that came, oldest first; the last eight.
    successes: Vec<Success>,
    /// Whether the staging CA has issued since a validation last failed at the real one.
    probe_passed: bool,
    /// When the CA wants the certificate renewed.
    renewal: Option<Renewal>,
    /// When the CA may be asked that again.
    #[serde(with = "time::serde::rfc3339::option")]
    poll_again_at: Option<OffsetDateTime>,
    /// The copies for other programs, from before they are written until all is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
}

/// Which of the configured CAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ca {
    /// The one to get certificates from.
    Primary,
    /// The one for when the primary will not.
    Fallback,
    /// The primary's staging CA, at which failures cost nothing.
    Staging,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// When it had failed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why.
    pub problem: Problem,
    /// Which CA was asked.
    pub ca: Ca,
    /// The challenge that was tried, if it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeKind>,
    /// Cause and cure in one sentence, made when our own hits were known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sentence: String,
    /// Whether a certificate has come since, so that it counts for the limits of CAs only.
    #[serde(default)]
    settled: bool,
}

/// A certificate that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// When it was kept.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// From which CA.
    pub ca: Ca,
    /// The challenge that worked; none when the CA still believed an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeKind>,
}

const FAILURES: usize = 64;
const SUCCESSES: usize = 8;

impl Failure {
    /// A failure of now.
    #[must_use]
    pub fn new(
        at: OffsetDateTime,
        problem: Problem,
        ca: Ca,
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

    /// The same, told with cause and cure.
    #[must_use]
    pub fn told(self, sentence: String) -> Self {
        Self { sentence, ..self }
    }

    /// Whether the CA looked for a proof and did not find it.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        let class = self.problem.class;
        // A CA that refuses a name while it looks counts that too.
        class == Class::Validation || class == Class::Refused && self.challenge.is_some()
    }
}

impl History {
    /// The history of a certificate set; a damaged one is set aside, and an empty one begun.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn load(store: &dyn Store, set: &str, now: OffsetDateTime) -> Result<Self, Fault> {
        let history: Option<Self> = store::load(store, &Entry::new(Kind::History, set))?;
        let mut history = history.unwrap_or_default();
        history.redate(now);
        Ok(history)
    }

    /// Keeps the history of a certificate set.
    ///
    /// # Errors
    /// It could not be kept.
    pub fn save(&self, store: &dyn Store, set: &str) -> Result<(), Fault> {
        store::save(store, &Entry::new(Kind::History, set), self)
    }

    /// Takes up that an attempt failed.
    pub fn record_failure(&mut self, failure: Failure) {
        self.redate(failure.at);
        if failure.ca != Ca::Staging && failure.is_validation() {
            self.probe_passed = false;
        }
        self.failures.push(failure);
        keep_last(&mut self.failures, FAILURES);
    }

    /// Takes up that a certificate came and is kept; renewal information begins anew with it.
    pub fn record_success(&mut self, success: Success) {
        self.redate(success.at);
        for failure in &mut self.failures {
            failure.settled = true;
        }
        self.probe_passed = false;
        self.renewal = None;
        self.poll_again_at = None;
        if let Some(delivery) = &mut self.delivery {
            delivery.begin_anew();
        }
        self.successes.push(success);
        keep_last(&mut self.successes, SUCCESSES);
    }

    /// Takes up that the staging CA has issued, so that the real one may be asked again at once.
    pub fn record_probe_passed(&mut self) {
        self.probe_passed = true;
    }

    /// Lets what is dated in the future have happened now: the clock was wrong then.
    ///
    /// Otherwise nothing would be tried until that future has come.
    pub fn redate(&mut self, now: OffsetDateTime) {
        for failure in &mut self.failures {
            let ahead = failure.at - now;
            if ahead > Duration::ZERO {
                failure.at = now;
                let again = failure.problem.retry_after.as_mut();
                again
                    .into_iter()
                    .for_each(|again| *again = again.saturating_sub(ahead));
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

    /// What failed since a certificate last came, oldest first.
    pub fn unsettled(&self) -> impl DoubleEndedIterator<Item = &Failure> {
        self.failures.iter().filter(|failure| !failure.settled)
    }

    /// The last failure, if no certificate has come since.
    #[must_use]
    pub fn last_failure(&self) -> Option<&Failure> {
        self.failures.last().filter(|failure| !failure.settled)
    }

    /// The last certificate that came.
    #[must_use]
    pub fn last_success(&self) -> Option<&Success> {
        self.successes.last()
    }

    /// The certificates that came, oldest first; the last eight.
    #[must_use]
    pub fn successes(&self) -> &[Success] {
        &self.successes
    }

    /// The challenge that last worked.
    #[must_use]
    pub fn worked(&self) -> Option<ChallengeKind> {
        let challenge = |success: &Success| success.challenge;
        self.successes.iter().rev().find_map(challenge)
    }

    /// Whether the staging CA has issued since a validation last failed at the real one.
    #[must_use]
    pub fn probe_passed(&self) -> bool {
        self.probe_passed
    }

    /// How often a class of problem came at a CA since a certificate last came.
    ///
    /// Other classes between do not matter, except that any answer of the CA's ends a run of
    /// [`Class::Network`].
    #[must_use]
    pub fn consecutive(&self, ca: Ca, class: Class) -> usize {
        let at_ca = self.unsettled().filter(|failure| failure.ca == ca).rev();
        let is_same = |failure: &&Failure| failure.problem.class == class;
        match class {
            Class::Network => at_ca.take_while(is_same).count(),
            _ => at_ca.filter(is_same).count(),
        }
    }

    /// When validations failed at any CA since a moment, oldest first, settled or not.
    #[must_use]
    pub fn validations_failed_since(&self, moment: OffsetDateTime) -> Vec<OffsetDateTime> {
        let is_meant = |failure: &&Failure| failure.is_validation() && failure.at > moment;
        self.failures
            .iter()
            .filter(is_meant)
            .map(|failure| failure.at)
            .collect()
    }

    /// When the CA wants the certificate renewed, as far as it has said.
    #[must_use]
    pub fn renewal(&self) -> Option<&Renewal> {
        self.renewal.as_ref()
    }

    /// When the CA may be asked again when it wants the certificate renewed; at once if none.
    #[must_use]
    pub fn poll_again_at(&self) -> Option<OffsetDateTime> {
        self.poll_again_at
    }
}

fn keep_last<T>(list: &mut Vec<T>, count: usize) {
    list.drain(..list.len().saturating_sub(count));
}

#[cfg(test)]
mod tests;

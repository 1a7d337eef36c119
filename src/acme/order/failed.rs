//! A failed attempt at a certificate.

use super::diagnosis::Diagnosis;
use crate::{
    acme::problem::{Class, Problem},
    config::model::ChallengeKind,
};

/// A failed attempt.
#[derive(Debug)]
pub(in crate::acme) struct Failed {
    pub(in crate::acme) problem: Problem,
    pub(in crate::acme) challenge: Option<ChallengeKind>,
    /// Cause and cure.
    pub(in crate::acme) sentence: String,
}

impl Failed {
    /// Creates a failure with its cause and cure.
    pub(in crate::acme) fn new(problem: Problem, sentence: String) -> Self {
        Self {
            problem,
            challenge: None,
            sentence,
        }
    }

    /// Returns true if the order is changed and placed again at once.
    pub(in crate::acme) fn is_retried_at_once(&self) -> bool {
        matches!(
            self.problem.class,
            Class::AccountGone | Class::AlreadyReplaced | Class::InvalidProfile
        )
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        let sentence = Diagnosis::new(&problem).sentence();
        Self::new(problem, sentence)
    }
}

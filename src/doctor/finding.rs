//! One line of the page: a subject, its state, and the correction.

use serde::Serialize;

/// The result of a check of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The severity.
    pub level: Level,
    /// The checked subject, such as `port 443` or `name home.example.org`.
    pub subject: String,
    /// The state of the subject and its cause.
    pub cause: String,
    /// The correction, where the cause does not imply it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The subject is in order.
    Ok,
    /// The subject works, but needs attention.
    Warn,
    /// The subject does not work, or is open to clients or users that should have no access.
    Fail,
}

impl Finding {
    pub(super) fn ok(subject: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::new(Level::Ok, subject.into(), cause.into())
    }

    pub(super) fn warn(subject: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::new(Level::Warn, subject.into(), cause.into())
    }

    pub(super) fn fail(subject: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::new(Level::Fail, subject.into(), cause.into())
    }

    /// Adds the correction.
    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// Reports whether both have the same cause, and one of them is from a check of the whole.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let is_general =
            |finding: &Self| ["proxy.yaml", "process"].contains(&finding.subject.as_str());
        let (one, two) = (&self.cause, &other.cause);
        let are_faults = self.level != Level::Ok && other.level != Level::Ok;
        let is_same = one.ends_with(two.as_str()) || two.ends_with(one.as_str());
        are_faults && is_same && (is_general(self) || is_general(other))
    }

    fn new(level: Level, subject: String, cause: String) -> Self {
        Self {
            level,
            subject,
            cause,
            cure: None,
        }
    }
}

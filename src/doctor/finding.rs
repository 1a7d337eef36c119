//! One line of the page: what was looked at, how it is, and what would put it right.

use serde::Serialize;

/// What was found of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at: `port 443`, `name home.example.org`.
    pub subject: String,
    /// How it is, and why.
    pub cause: String,
    /// What would put it right, where the cause does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Warn,
    /// Something does not work, or is open to those it should not be.
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

    /// The same, with what would put it right.
    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// Whether both tell the same, one of them from a look at the whole.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let whole = |it: &Self| ["proxy.yaml", "process"].contains(&it.subject.as_str());
        let (one, two) = (&self.cause, &other.cause);
        let wrong = self.level != Level::Ok && other.level != Level::Ok;
        let same = one.ends_with(two.as_str()) || two.ends_with(one.as_str());
        wrong && same && (whole(self) || whole(other))
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

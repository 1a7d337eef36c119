//! A fault that stops nothing, for whoever shows it: the log, `check`, the status page.

use std::{fmt, path::Path};

/// A fault that stops nothing, in one line: place, cause and cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(String);

impl Warning {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same warning, told of a file.
    pub(super) fn of(self, file: &Path) -> Self {
        Self(format!("{}: {}", file.display(), self.0))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

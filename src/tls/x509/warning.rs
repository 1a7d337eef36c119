//! Faults of certificates that do not stop hubgate; the log, `check` and `status` report them.

use std::{fmt, path::Path};

/// A fault that does not stop hubgate, in one line: place, cause and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(String);

impl Warning {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Prefixes the warning with the file it is about.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        Self(format!("{}: {}", file.display(), self.0))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

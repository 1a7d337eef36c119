//! A program of the operator's own that puts TXT records up, by lego's convention.
//!
//! `PROGRAM present FQDN VALUE` and `PROGRAM cleanup FQDN VALUE`; success is exit code 0. Of the
//! environment it has what any program of the operator's has, and what begins with `EXEC_`.

use std::{env, path::PathBuf, time::Duration};

use super::{Record, fault};
use crate::acme::{problem::Problem, program::Program};

/// How long a hook may take.
const LONGEST: Duration = Duration::from_secs(120);

/// A program that puts TXT records up.
pub struct Hook {
    program: PathBuf,
    longest: Duration,
}

impl Hook {
    /// A hook that may take two minutes.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            longest: LONGEST,
        }
    }

    /// The same hook with another time limit.
    #[must_use]
    pub fn within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    pub(super) async fn present(&self, record: &Record) -> Result<(), Problem> {
        self.run("present", record).await
    }

    pub(super) async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        self.run("cleanup", record).await
    }

    async fn run(&self, action: &str, record: &Record) -> Result<(), Problem> {
        let own = env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"EXEC_"));
        let program = Program::new(&self.program)
            .args([action, &record.fqdn, &record.value])
            .variables(own)
            .variables([("EXEC_PATH", &self.program)]);
        program.run(self.longest).await.map_err(|cause| {
            fault(format!(
                "{} {action} {}: {cause}",
                self.program.display(),
                record.fqdn
            ))
        })
    }
}

#[cfg(test)]
mod tests;

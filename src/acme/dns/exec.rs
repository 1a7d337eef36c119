//! A program of the operator that creates and deletes TXT records, by lego's convention.
//!
//! `PROGRAM present FQDN VALUE` and `PROGRAM cleanup FQDN VALUE`; success is exit code 0. Besides
//! the environment of every [`Program`] it gets the variables that begin with `EXEC_`.

use std::{env, path::PathBuf, time::Duration};

use super::Record;
use crate::{
    acme::{problem::Problem, program::Program},
    file_access::FileAccess,
};

/// Time for a run.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A program that creates and deletes TXT records.
pub struct Hook {
    program: PathBuf,
    files: FileAccess,
    time_limit: Duration,
}

impl Hook {
    /// Uses a program, with a time limit of two minutes.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            files: FileAccess::default(),
            time_limit: TIME_LIMIT,
        }
    }

    /// Starts the program by these blocking threads.
    #[must_use]
    pub fn with_files(self, files: FileAccess) -> Self {
        Self { files, ..self }
    }

    /// Replaces the time limit.
    #[must_use]
    pub fn within(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
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
        let ended = program.run(&self.files, self.time_limit).await;
        ended.map_err(|cause| {
            Problem::provider(format!(
                "{} {action} {}: {cause}",
                self.program.display(),
                record.fqdn
            ))
        })
    }
}

#[cfg(test)]
mod tests;

//! A program of the operator's own that puts TXT records up, by lego's convention.
//!
//! `PROGRAM present FQDN VALUE` and `PROGRAM cleanup FQDN VALUE`; success is exit code 0. It sees
//! PATH, HOME, LANG and what begins with `EXEC_`, reads nothing, and ends within its time with
//! everything it started.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use super::{Record, fault, quoted};
use crate::acme::problem::Problem;

/// How long a hook may take.
const LONGEST: Duration = Duration::from_secs(120);

/// How long what a hook left running may keep its output open.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// How many lines of its output are told.
const LINES: usize = 5;

/// How much of its output is read at all.
const READ: u64 = 64 * 1024;

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
        let called = format!("{} {action} {}", self.program.display(), record.fqdn);
        let child = command(&self.program, action, record).spawn();
        let child = child.map_err(|error| {
            fault(format!(
                "{called}: cannot be started ({error}); correct its path or its mode"
            ))
        })?;
        // Dropped at the time-out, the run ends with all its processes.
        let Ok(ended) = timeout(self.longest, Run::new(child).ended()).await else {
            let longest = self.longest;
            return Err(fault(format!(
                "{called}: killed, because it was not done within {longest:?}"
            )));
        };
        match ended {
            Ok((status, _)) if status.success() => Ok(()),
            Ok((status, said)) => Err(fault(format!("{called}: {status}: {said}"))),
            Err(error) => Err(fault(format!("{called}: {error}"))),
        }
    }
}

fn command(program: &Path, action: &str, record: &Record) -> Command {
    let mut command = Command::new(program);
    command
        .args([action, &record.fqdn, &record.value])
        .env_clear()
        .envs(environment())
        .env("EXEC_PATH", program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, _)| {
        let name = name.as_encoded_bytes();
        matches!(name, b"PATH" | b"HOME" | b"LANG") || name.starts_with(b"EXEC_")
    })
}

/// A running hook; dropped before its end, its process group is killed.
struct Run {
    child: Child,
    group: Option<Pid>,
}

impl Run {
    fn new(child: Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw);
        Self { child, group }
    }

    async fn ended(mut self) -> std::io::Result<(ExitStatus, String)> {
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let (mut said, mut also) = (Vec::new(), Vec::new());
        let status = {
            let reading = async { tokio::join!(read(err, &mut said), read(out, &mut also)) };
            tokio::pin!(reading);
            tokio::select! {
                status = self.child.wait() => {
                    let _ = timeout(AFTERWARDS, &mut reading).await;
                    status
                }
                _ = &mut reading => self.child.wait().await,
            }
        };
        // Its number may soon be another process's.
        self.group = None;
        said.append(&mut also);
        Ok((status?, first_lines(&said)))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads a pipe to its end, so that its writer is never held up, and keeps its begin.
async fn read(pipe: Option<impl AsyncRead + Unpin>, said: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let _ = (&mut pipe).take(READ).read_to_end(said).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
}

fn first_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text.lines().map(quoted).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.take(LINES).collect();
    if lines.is_empty() {
        return "it says nothing; let it say why it fails".to_owned();
    }
    lines.join(" / ")
}

#[cfg(test)]
mod tests;

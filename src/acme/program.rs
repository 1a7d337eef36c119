//! A program of the operator, with a minimal environment, an empty standard input and a time limit.
//!
//! Its process group is killed when the time is up or the caller stops waiting. It is started by a
//! blocking thread, because the disk that it is on may not answer.

use std::{
    env,
    ffi::OsStr,
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

use super::dns::quoted;
use crate::file_access::{self, FileAccess};

/// Time for which child processes may keep the output open after the program has ended.
const LINGER: Duration = Duration::from_secs(1);

/// Lines of the output that an error quotes.
const LINES: usize = 5;

/// Bytes of each output stream that are kept.
const READ: u64 = 64 * 1024;

/// Variables of hubgate's environment that the program inherits.
const VARIABLES: [&str; 3] = ["PATH", "HOME", "LANG"];

/// A program of the operator that has not been started yet.
pub(super) struct Program {
    path: PathBuf,
    command: Command,
}

impl Program {
    pub(super) fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        let inherited = VARIABLES.map(|name| (name, env::var_os(name)));
        let inherited = inherited
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        command
            .env_clear()
            .envs(inherited)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Self {
            path: program.to_owned(),
            command,
        }
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(super) fn variables<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.command.envs(variables);
        self
    }

    /// Runs the program; dropping the future kills all its processes.
    ///
    /// # Errors
    /// It cannot be started, exceeds its time, or exits with another code than 0, with the first
    /// lines of its output.
    pub(super) async fn run(self, files: &FileAccess, limit: Duration) -> Result<(), String> {
        let started = files.run(move || self.start()).await;
        let run = started.map_err(|fault| fault.to_string())??;
        // The time-out drops the run, which kills its process group.
        let Ok(ended) = timeout(limit, run.finish()).await else {
            return Err(format!("killed, because it was not done within {limit:?}"));
        };
        match ended {
            Ok((status, _)) if status.success() => Ok(()),
            Ok((status, output)) => Err(format!("{status}: {output}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Starts the program; blocks while its disk does not answer.
    fn start(mut self) -> Result<Run, String> {
        let _access = file_access::begin(&self.path).map_err(|fault| fault.to_string())?;
        let child = self.command.spawn().map_err(|error| {
            format!("cannot be started ({error}); correct its path or its mode")
        })?;
        Ok(Run::new(child))
    }
}

/// A running program; dropping it kills its process group.
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

    async fn finish(mut self) -> std::io::Result<(ExitStatus, String)> {
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let status = {
            let reading = async { tokio::join!(read(err, &mut errors), read(out, &mut output)) };
            tokio::pin!(reading);
            tokio::select! {
                status = self.child.wait() => {
                    let _ = timeout(LINGER, &mut reading).await;
                    status
                }
                _ = &mut reading => self.child.wait().await,
            }
        };
        // The kernel may reuse the process id.
        self.group = None;
        errors.append(&mut output);
        Ok((status?, first_lines(&errors)))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads a pipe to its end, so that the program never blocks; keeps its beginning.
async fn read(pipe: Option<impl AsyncRead + Unpin>, output: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let _ = (&mut pipe).take(READ).read_to_end(output).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
}

fn first_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text.lines().map(quoted).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.take(LINES).collect();
    if lines.is_empty() {
        return "no output; let the program print the cause".to_owned();
    }
    lines.join(" / ")
}

//! A program of the operator's own: it has PATH, HOME and LANG only, reads nothing, says no more
//! than is kept, and ends within its time with everything it started.

use std::{
    env,
    ffi::OsStr,
    path::Path,
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

/// Time for which processes that a program left running may keep its output open.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Lines of its output that are repeated.
const LINES: usize = 5;

/// Bytes of its output that are read at all.
const READ: u64 = 64 * 1024;

/// The variables of our environment that it has.
const VARIABLES: [&str; 3] = ["PATH", "HOME", "LANG"];

/// A program of the operator's own, before it is run.
pub(super) struct Program(Command);

impl Program {
    pub(super) fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        let kept = VARIABLES.map(|name| (name, env::var_os(name)));
        let kept = kept
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        command
            .env_clear()
            .envs(kept)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Self(command)
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub(super) fn variables<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.0.envs(variables);
        self
    }

    /// Runs it; dropped before its end, all its processes are killed.
    ///
    /// # Errors
    /// It cannot be started, is not done within the time, or ends with another code than 0; then
    /// with the first lines of its output.
    pub(super) async fn run(mut self, longest: Duration) -> Result<(), String> {
        let child = self.0.spawn().map_err(|error| {
            format!("cannot be started ({error}); correct its path or its mode")
        })?;
        // Dropped at the time-out, the run ends with all its processes.
        let Ok(ended) = timeout(longest, Run::new(child).ended()).await else {
            return Err(format!(
                "killed, because it was not done within {longest:?}"
            ));
        };
        match ended {
            Ok((status, _)) if status.success() => Ok(()),
            Ok((status, said)) => Err(format!("{status}: {said}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A running program; dropped before its end, its process group is killed.
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

//! The new process of a hand-over, from the old one's side.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitStatus},
    time::Duration,
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{process::Child, time::timeout};

/// The new process in its own process group, which is killed on drop unless released.
pub(super) struct Successor {
    child: Child,
    group: Option<Pid>,
    may_have_accepted: bool,
}

/// Time between SIGTERM and SIGKILL: that of an orderly shutdown.
const GRACE: Duration = Duration::from_secs(16);
/// The same for a process that was never ready and so has accepted no connection; connections
/// could wait in its queues.
const GRACE_UNREADY: Duration = Duration::from_secs(1);

impl Successor {
    /// Starts the process.
    ///
    /// # Errors
    /// When the system refuses a new process.
    pub(super) fn spawn(mut command: Command) -> anyhow::Result<Self> {
        command.process_group(0);
        let child = tokio::process::Command::from(command).spawn();
        let child = child.context("starting /bin/sh")?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw);
        Ok(Self {
            child,
            group,
            may_have_accepted: false,
        })
    }

    /// Records the report of readiness.
    pub(super) fn set_ready(&mut self) {
        self.may_have_accepted = true;
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    /// When waitpid(2) fails.
    pub(super) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Ends the process with SIGTERM, and with SIGKILL after the grace time.
    pub(super) async fn end(mut self) {
        self.signal(Signal::TERM);
        let grace = match self.may_have_accepted {
            true => GRACE,
            false => GRACE_UNREADY,
        };
        timeout(grace, self.child.wait()).await.ok();
    }

    /// Releases the process from this one and returns its id.
    pub(super) fn release(mut self) -> u32 {
        let id = self.child.id();
        self.group = None;
        id.unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

//! The new process of a hand-over, with all that it starts.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitStatus},
    time::Duration,
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{process::Child, time::timeout};

/// The new process of a hand-over, in a process group of its own; ended when dropped.
pub(super) struct Successor {
    child: Child,
    group: Option<Pid>,
    may_have_accepted: bool,
}

/// In which a new process that is given up may end by itself: as a stop takes.
const GRACE: Duration = Duration::from_secs(16);
/// The same for one that was never ready. It has accepted nothing, and connections wait in the
/// queues of its sockets for as long as it lives.
const GRACE_UNREADY: Duration = Duration::from_secs(1);

impl Successor {
    /// Starts it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn spawn(mut command: Command) -> anyhow::Result<Self> {
        command.process_group(0);
        let child = tokio::process::Command::from(command).spawn();
        let child = child.context("starting /bin/sh")?;
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let group = number.and_then(Pid::from_raw);
        Ok(Self {
            child,
            group,
            may_have_accepted: false,
        })
    }

    /// Notes that it has reported that it is ready.
    pub(super) fn is_ready(&mut self) {
        self.may_have_accepted = true;
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When the system does not know it.
    pub(super) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Ends it: what it has accepted gets the time of a stop.
    pub(super) async fn end(mut self) {
        self.signal(Signal::TERM);
        let grace = match self.may_have_accepted {
            true => GRACE,
            false => GRACE_UNREADY,
        };
        timeout(grace, self.child.wait()).await.ok();
    }

    /// Lets it go on without this process; its number.
    pub(super) fn release(mut self) -> u32 {
        let number = self.child.id();
        self.group = None;
        number.unwrap_or_default()
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

//! The running process, by its control socket.

use std::{io, path::Path, sync::mpsc, thread, time::Duration};

use super::Finding;
use crate::{
    server::control::{ControlClient, Status},
    tls::time_of_day,
};

/// The time limit for its response.
const TIMEOUT: Duration = Duration::from_millis(1500);

const SUBJECT: &str = "process";

/// The state of the hubgate that uses a state folder.
pub(super) enum Running {
    /// It runs and has returned its status.
    Yes(Box<Status>),
    /// No process listens on the control socket.
    No,
    /// It may run, but its status cannot be read, for this reason.
    Unknown(String),
}

impl Running {
    /// Queries the process that uses this state folder.
    pub(super) fn query(state: &Path) -> Self {
        let (send, response) = mpsc::channel();
        let state = state.to_owned();
        let started = thread::Builder::new().spawn(move || {
            // After the time limit, the result has no receiver.
            let _ = send.send(ControlClient::new(&state).status());
        });
        // Without a thread, the sender is dropped and no response arrives.
        drop(started);
        match response.recv_timeout(TIMEOUT) {
            Ok(Ok(status)) => Self::Yes(Box::new(status)),
            Ok(Err(fault)) if ControlClient::is_not_running(&fault) => Self::No,
            Ok(Err(fault)) => Self::Unknown(reason(&fault)),
            Err(_) => Self::Unknown("it accepted the connection and did not respond".into()),
        }
    }

    /// Returns the status, if the process has returned it.
    pub(super) fn status(&self) -> Option<&Status> {
        match self {
            Self::Yes(status) => Some(status),
            Self::No | Self::Unknown(_) => None,
        }
    }

    /// Compares the process with this program and the configuration at `path`.
    pub(super) fn findings(&self, path: &Path) -> Vec<Finding> {
        match self {
            Self::Yes(status) => {
                let mut found = vec![Finding::of_version(status)];
                found.extend(Finding::of_other_file(status, path));
                // The check of devices reports the warnings about devices.
                let warnings = status.sites.iter().flat_map(|site| &site.warnings);
                found.extend(warnings.map(|warning| Finding::warn(SUBJECT, warning.clone())));
                found
            }
            Self::No => vec![
                Finding::warn(SUBJECT, "no hubgate runs with this `state`")
                    .cure("start it: systemctl start hubgate, or hubgate run"),
            ],
            Self::Unknown(reason) => vec![
                Finding::warn(
                    SUBJECT,
                    format!("it is unknown whether hubgate runs: {reason}"),
                )
                .cure("run it with sudo"),
            ],
        }
    }

    /// Reports a process that still uses an earlier version of an invalid file.
    pub(super) fn with_earlier_file(&self) -> Option<Finding> {
        let status = self.status()?;
        let pid = status.pid;
        let version = status
            .loaded
            .map_or_else(String::new, |at| format!(" of {}", time_of_day(at)));
        let cause = format!("process {pid} still uses the file{version}, before the faults");
        Some(Finding::warn(SUBJECT, cause).cure("correct the file, then: hubgate reload"))
    }
}

/// Returns the reason why the status cannot be read.
fn reason(fault: &anyhow::Error) -> String {
    let kind = fault.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::PermissionDenied) => {
            "you have no permission to use its control socket".into()
        }
        _ => format!("{fault:#}"),
    }
}

impl Finding {
    /// Reports a process of another version.
    fn of_version(status: &Status) -> Self {
        let (own, pid) = (env!("CARGO_PKG_VERSION"), status.pid);
        let cause = format!("hubgate {} runs as process {pid}", status.version);
        if status.version == own {
            return Self::ok(SUBJECT, cause);
        }
        Self::warn(SUBJECT, format!("{cause}, and this program is {own}"))
            .cure(format!("hand over to the new program: kill -USR2 {pid}"))
    }

    /// Reports a process with another configuration file.
    fn of_other_file(status: &Status, path: &Path) -> Option<Self> {
        // The process may have another working directory: only absolute paths can differ.
        let both = [&*status.config, path];
        let differ = both.iter().all(|file| file.is_absolute()) && both[0] != both[1];
        let used = status.config.display();
        differ.then(|| {
            let cause = format!("its configuration is {used}, not this file");
            Self::warn(SUBJECT, cause).cure(format!("check that file: hubgate doctor -c {used}"))
        })
    }
}

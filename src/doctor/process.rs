//! The running process, asked over its control socket.

use std::{io, path::Path, sync::mpsc, thread, time::Duration};

use super::Finding;
use crate::{
    server::control::{self, Status},
    tls::moment,
};

/// How long it may take to say what it does.
const PATIENCE: Duration = Duration::from_millis(1500);

const SUBJECT: &str = "process";

/// What is known of the running process.
pub(super) enum Running {
    /// It said what it does.
    Is(Box<Status>),
    /// Nobody listens.
    Nobody,
    /// Somebody may run, who cannot be asked, for this reason.
    Unknown(String),
}

impl Running {
    /// The process, when it said what it does.
    pub(super) fn status(&self) -> Option<&Status> {
        match self {
            Self::Is(status) => Some(status),
            Self::Nobody | Self::Unknown(_) => None,
        }
    }
}

/// Asks the process that uses this state folder.
pub(super) fn ask(state: &Path) -> Running {
    let (send, answer) = mpsc::channel();
    let state = state.to_owned();
    let asked = thread::Builder::new().spawn(move || {
        // Nobody listens when it took too long.
        let _ = send.send(control::status(&state));
    });
    // Without a thread the sender is gone, and no answer comes.
    drop(asked);
    match answer.recv_timeout(PATIENCE) {
        Ok(Ok(status)) => Running::Is(Box::new(status)),
        Ok(Err(fault)) if control::is_nobody(&fault) => Running::Nobody,
        Ok(Err(fault)) => Running::Unknown(unknown(&fault)),
        Err(_) => Running::Unknown("it took the question and gave no answer".into()),
    }
}

fn unknown(fault: &anyhow::Error) -> String {
    let kind = fault.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::PermissionDenied) => "you may not ask it".into(),
        _ => format!("{fault:#}"),
    }
}

/// What to tell of it, seen from this file and this program.
pub(super) fn told(running: &Running, path: &Path) -> Vec<Finding> {
    match running {
        Running::Is(status) => of_status(status, path),
        Running::Nobody => vec![
            Finding::warn(SUBJECT, "no hubgate runs with this `state`")
                .cure("start it: systemctl start hubgate, or hubgate run"),
        ],
        Running::Unknown(why) => vec![
            Finding::warn(SUBJECT, format!("whether hubgate runs is not known: {why}"))
                .cure("start this with sudo"),
        ],
    }
}

/// A process that goes on with what its file said before it had faults.
pub(super) fn of_broken_file(status: &Status) -> Finding {
    let since = status
        .loaded
        .map_or_else(String::new, |at| format!(" of {}", moment(at)));
    let cause = format!(
        "process {} goes on with the file{since}, before the faults",
        status.pid
    );
    Finding::warn(SUBJECT, cause).cure("correct the file, then: hubgate reload")
}

fn of_status(status: &Status, path: &Path) -> Vec<Finding> {
    let mut found = vec![version(status)];
    found.extend(other_file(status, path));
    // Those of devices are told with the devices.
    let warnings = status.sites.iter().flat_map(|site| &site.warnings);
    found.extend(warnings.map(|warning| Finding::warn(SUBJECT, warning.clone())));
    found
}

fn version(status: &Status) -> Finding {
    let (own, pid) = (env!("CARGO_PKG_VERSION"), status.pid);
    let runs = format!("hubgate {} runs as process {pid}", status.version);
    if status.version == own {
        return Finding::ok(SUBJECT, runs);
    }
    Finding::warn(SUBJECT, format!("{runs}, and this program is {own}")).cure(format!(
        "have it hand over to the new one: kill -USR2 {pid}"
    ))
}

fn other_file(status: &Status, path: &Path) -> Option<Finding> {
    // The process may have been started in another folder: only whole paths can differ.
    let both = [&*status.config, path];
    let differ = both.iter().all(|it| it.is_absolute()) && both[0] != both[1];
    let theirs = status.config.display();
    differ.then(|| {
        Finding::warn(
            SUBJECT,
            format!("it was configured from {theirs}, not from this file"),
        )
        .cure(format!("look at that one: hubgate doctor -c {theirs}"))
    })
}

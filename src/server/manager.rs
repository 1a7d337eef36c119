//! Reports to the service manager (sd_notify(3)), from a thread of its own.
//!
//! A manager whose socket is full holds that thread only; reports beyond the queue are dropped.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use sd_notify::NotifyState;
use tracing::warn;

/// The service manager that the process reports to, if any.
pub(super) struct ServiceManager {
    reports: SyncSender<Report>,
}

enum Report {
    State(Vec<NotifyState<'static>>),
    /// Answered once all reports before are sent.
    Flush(SyncSender<()>),
}

/// Reports that wait at most.
const MOST: usize = 64;
/// How long the end of the process waits for its reports.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

impl ServiceManager {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start() -> io::Result<Self> {
        let (reports, received) = sync_channel(MOST);
        let thread = thread::Builder::new().name("service-manager".to_owned());
        thread.spawn(move || send(&received))?;
        Ok(Self { reports })
    }

    /// Reports a state.
    pub(super) fn notify(&self, state: &[NotifyState<'static>]) {
        self.reports.try_send(Report::State(state.to_vec())).ok();
    }

    /// Waits until all reports so far are sent, for half a second at most.
    pub(super) fn flush(&self) {
        let (sent, flushed) = sync_channel(1);
        if self.reports.try_send(Report::Flush(sent)).is_ok() {
            flushed.recv_timeout(FLUSH_LIMIT).ok();
        }
    }
}

fn send(reports: &Receiver<Report>) {
    for report in reports {
        match report {
            Report::State(state) => {
                if let Err(error) = sd_notify::notify(&state) {
                    warn!("the service manager was not notified: {error}");
                }
            }
            Report::Flush(sent) => drop(sent.try_send(())),
        }
    }
}

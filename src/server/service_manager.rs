//! Notifications to the service manager (sd_notify(3)), sent by a separate thread.
//!
//! A service manager that does not read blocks that thread only; the queue drops what exceeds it.

use std::{
    io,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::Duration,
};

use sd_notify::NotifyState;
use tracing::warn;

/// The connection to the service manager; without one, notifications are ignored.
pub(super) struct ServiceManager {
    reports: SyncSender<Report>,
}

enum Report {
    State(Vec<NotifyState<'static>>),
    /// Acknowledged after all earlier reports were sent.
    Flush(SyncSender<()>),
}

/// Capacity of the queue.
const QUEUE: usize = 64;
/// Longest wait for the queue at the end of the process.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

impl ServiceManager {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start() -> io::Result<Self> {
        let (reports, received) = sync_channel::<Report>(QUEUE);
        let thread = thread::Builder::new().name("service-manager".to_owned());
        thread.spawn(move || received.into_iter().for_each(Report::send))?;
        Ok(Self { reports })
    }

    /// Queues a notification.
    pub(super) fn notify(&self, state: &[NotifyState<'static>]) {
        self.reports.try_send(Report::State(state.to_vec())).ok();
    }

    /// Waits until all queued notifications are sent, at most half a second.
    pub(super) fn flush(&self) {
        let (sent, flushed) = sync_channel(1);
        if self.reports.try_send(Report::Flush(sent)).is_ok() {
            flushed.recv_timeout(FLUSH_LIMIT).ok();
        }
    }
}

impl Report {
    fn send(self) {
        match self {
            Self::State(state) => {
                if let Err(error) = sd_notify::notify(&state) {
                    warn!("the service manager was not notified: {error}");
                }
            }
            Self::Flush(sent) => drop(sent.try_send(())),
        }
    }
}

//! Shutdown: drains connections, so that no accepted request is lost, and ends the process.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Server, process::End, signals::EndSignals};

/// Time in which the last response on an idle connection announces its close.
const ANNOUNCEMENT: Duration = Duration::from_secs(3);
/// Time for requests in progress after a stop signal.
const REQUESTS: Duration = Duration::from_secs(10);
/// The same after a hand-over.
const REQUESTS_AFTER_HAND_OVER: Duration = Duration::from_secs(3600);
/// Time in which WebSockets end after their close frame.
const CLOSING_HANDSHAKE: Duration = Duration::from_secs(2);
/// Time for the last write of `seen.json`.
const LAST_WRITE: Duration = Duration::from_secs(1);

impl Server {
    /// Shuts down; each further signal shortens the time for open connections.
    ///
    /// Returns false if the last connections were closed by a second stop signal.
    pub(super) async fn shut_down(&self, end: End, signals: &mut EndSignals) -> bool {
        if matches!(end, End::HandOver(_)) {
            tokio::select! {
                () = self.stop(end) => return true,
                () = signals.recv() => info!("stop requested: open connections get 15 more seconds"),
            }
        }
        tokio::select! {
            () = self.stop(End::Stop) => true,
            () = signals.recv() => {
                info!("stop requested again: {} connections are closed", self.acceptor.tasks().len());
                self.history.end().await;
                self.proxy.events.log.flush();
                false
            }
        }
    }

    async fn stop(&self, end: End) {
        if matches!(end, End::Stop) {
            self.manager.notify(&[NotifyState::Stopping]);
        }
        self.shutdown.cancel();
        self.proxy.health.stop();
        self.listeners.lock().await.close();
        let tasks = self.acceptor.tasks();
        tasks.close();
        self.proxy.drain.begin();
        match end {
            End::Stop => self.drain().await,
            End::HandOver(accepting) => {
                drop(accepting);
                timeout(REQUESTS_AFTER_HAND_OVER, tasks.wait()).await.ok();
            }
        }
        self.close_websockets().await;
        self.history.end().await;
        let devices = self.proxy.devices.clone();
        let last_write = self.files.run(move || devices.save(Duration::ZERO));
        timeout(LAST_WRITE, last_write).await.ok();
        self.proxy.events.log.flush();
        info!("ended");
    }

    /// Closes idle connections after 3 seconds and waits 10 more for requests in progress.
    async fn drain(&self) {
        let tasks = self.acceptor.tasks();
        if timeout(ANNOUNCEMENT, tasks.wait()).await.is_ok() {
            return;
        }
        let drain = &self.proxy.drain;
        drain.closing.raise();
        drain.leaving.raise();
        timeout(REQUESTS, tasks.wait()).await.ok();
    }

    async fn close_websockets(&self) {
        let tasks = self.acceptor.tasks();
        self.proxy.drain.leaving.raise();
        if timeout(CLOSING_HANDSHAKE, tasks.wait()).await.is_err() {
            warn!(
                "closed {} connections that did not end in time",
                tasks.len()
            );
        }
    }
}

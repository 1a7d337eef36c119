//! The running process: its shared handles, and its life from readiness to its end.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use sd_notify::NotifyState;
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::warn;

use super::{
    handover::{Accepting, Predecessor},
    listeners::Listeners,
    service_manager::ServiceManager,
    signals::{RunMode, Signals},
    sweep::Sweeps,
};
use crate::{
    acme::Certificates,
    connection::{acceptor::Acceptor, registry::ConnectionRegistry},
    file_access::FileAccess,
    http::proxy::Proxy,
    sites::file_watch::FileWatch,
    telemetry::journal::Journal,
    tls::AcmeCertificates,
};

/// The running process.
pub struct Server {
    /// Path of the configuration.
    pub(super) config: PathBuf,
    pub(super) journal: Journal,
    pub(super) manager: ServiceManager,
    pub(super) files: FileAccess,
    pub(super) sweeps: Sweeps,
    /// Watches the files of the devices.
    pub(super) device_files: Arc<FileWatch>,
    pub(super) proxy: Arc<Proxy>,
    pub(super) acceptor: Arc<Acceptor>,
    pub(super) registry: Arc<ConnectionRegistry>,
    pub(super) acme_certificates: Arc<AcmeCertificates>,
    pub(super) certificates: Certificates,
    pub(super) listeners: tokio::sync::Mutex<Listeners>,
    /// Locked during a reload, so that two concurrent reloads cannot end with the older
    /// configuration.
    pub(super) reloading: tokio::sync::Mutex<()>,
    /// The warnings at the last call of `log_warnings`.
    pub(super) last_warnings: Mutex<Vec<String>>,
    pub(super) since: Instant,
    /// Time at which the configuration in use was loaded.
    pub(super) loaded: Mutex<OffsetDateTime>,
    /// Cancels the control socket, ACME orders and a hand-over.
    pub(super) shutdown: CancellationToken,
    /// Cancelled as soon as no previous process accepts connections.
    pub(super) alone: CancellationToken,
}

/// Reason for the end of the process.
pub(super) enum End {
    /// A stop signal: connections get 15 seconds.
    Stop,
    /// Another process has taken over: connections get an hour.
    HandOver(Accepting),
}

impl Server {
    /// Serves until a signal or a hand-over ends the process, then shuts down.
    ///
    /// Awaits signals only. Reloads and hand-overs run in tasks of their own, one at a time of each
    /// kind; signals that arrive meanwhile count as one.
    pub(super) async fn run(self: &Arc<Self>, mode: RunMode, signals: Signals) {
        let Signals {
            reload,
            hand_over,
            mut end,
        } = signals;
        let (reloading, handing_over) = (self.clone(), self.clone());
        let reloads = AbortOnDropHandle::new(tokio::spawn(async move {
            if mode == RunMode::Service {
                reloading.reload_on_signal(reload).await;
            }
        }));
        let mut hand_over = AbortOnDropHandle::new(tokio::spawn(async move {
            match mode {
                RunMode::Service => handing_over.hand_over_on_signal(hand_over).await,
                RunMode::Demo => None,
            }
        }));
        let ended = tokio::select! {
            Ok(Some(accepting)) = &mut hand_over => End::HandOver(accepting),
            () = end.recv() => End::Stop,
        };
        drop(reloads);
        let is_stop = matches!(ended, End::Stop);
        let is_orderly = self.shut_down(ended, &mut end).await;
        if is_stop && is_orderly && !hand_over.is_finished() {
            tokio::select! {
                _ = hand_over => {}
                () = end.recv() => {}
            }
        }
    }

    /// Reports readiness to the previous process of a hand-over, or to systemd.
    pub(super) fn notify_ready(&self, predecessor: Option<&Predecessor>) {
        match predecessor {
            Some(predecessor) => predecessor.notify_ready(),
            None => self.manager.notify(&[NotifyState::Ready]),
        }
    }

    /// Returns the path of the state folder.
    pub(super) fn state(&self) -> PathBuf {
        self.proxy.sites().config.state.clone()
    }

    /// Logs the warnings of the files in use that were not logged last time.
    pub(super) fn log_warnings(&self) {
        let mut warnings = self.proxy.sites().warnings();
        warnings.extend(self.proxy.devices.warnings());
        let last = self.last_warnings.lock();
        let mut last = last.unwrap_or_else(PoisonError::into_inner);
        for warning in warnings.iter().filter(|warning| !last.contains(warning)) {
            warn!("{warning}");
        }
        *last = warnings;
    }
}

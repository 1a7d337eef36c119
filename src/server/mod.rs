//! The life of the process: start, readiness, reload, hand-over, drain, shutdown.
//!
//! `startup` creates every shared handle, once; [`Server`] holds them.

mod bind_error;
pub mod control;
mod descriptors;
mod endpoint;
mod handover;
mod inherited;
mod listeners;
mod loading;
mod manager;
mod refresh;
mod reload;
mod signals;
mod startup;
mod stop;
mod sweep;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use sd_notify::NotifyState;
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::warn;

use crate::{
    acme::Certificates,
    connection::{acceptor::Acceptor, registry::ConnectionRegistry},
    file_access::FileAccess,
    http::proxy::Proxy,
    sites::file_watch::FileWatch,
    telemetry::journal::Journal,
    tls::AcmeCertificates,
};

pub use self::{bind_error::cannot_listen, signals::RunMode, startup::run};
use self::{
    handover::{Accepting, Predecessor},
    listeners::Listeners,
    manager::ServiceManager,
    signals::Signals,
    sweep::Sweeps,
};

/// The running process.
pub struct Server {
    /// Path of the configuration.
    config: PathBuf,
    journal: Journal,
    manager: ServiceManager,
    files: FileAccess,
    sweeps: Sweeps,
    /// Watches the files of the devices.
    devices: Arc<FileWatch>,
    proxy: Arc<Proxy>,
    acceptor: Arc<Acceptor>,
    registry: Arc<ConnectionRegistry>,
    issued: Arc<AcmeCertificates>,
    certificates: Certificates,
    listeners: tokio::sync::Mutex<Listeners>,
    /// Locked during a reload, so that two concurrent reloads cannot end with the older
    /// configuration.
    reloading: tokio::sync::Mutex<()>,
    /// The warnings at the last call of `log_warnings`.
    last_warnings: Mutex<Vec<String>>,
    since: Instant,
    /// Time at which the configuration in use was loaded.
    loaded: Mutex<OffsetDateTime>,
    /// Cancels the control socket, ACME orders and a hand-over.
    shutdown: CancellationToken,
}

/// Reason for the end of the process.
enum End {
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
    async fn run(self: &Arc<Self>, mode: RunMode, signals: Signals) {
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
    fn notify_ready(&self, predecessor: Option<&Predecessor>) {
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
    fn log_warnings(&self) {
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

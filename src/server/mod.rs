//! The life of the process: start, readiness, reload, hand-over, drain, shutdown.
//!
//! This module creates every shared handle, once, and passes it down.

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
mod stop;
mod sweep;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use sd_notify::NotifyState;
use time::OffsetDateTime;
use tokio::runtime::{self, Handle};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

use crate::{
    acme::Certificates,
    config::{self, model::Config},
    connection::{acceptor::Acceptor, registry::ConnectionRegistry, workers::Workers},
    file_access::{self, FileAccess},
    http::proxy::Proxy,
    sites::file_watch::{FileWatch, Refreshed},
    telemetry::{
        access_log::AccessLog,
        journal::{self, Journal},
    },
    tls::{self, Issued},
};

pub use self::{bind_error::cannot_listen, signals::RunMode};
use self::{
    control::ControlSocket,
    descriptors::DescriptorCapacity,
    handover::{Accepting, Predecessor},
    listeners::Listeners,
    loading::{Loaded, Loading},
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
    /// Files of the devices.
    devices: Arc<FileWatch>,
    proxy: Arc<Proxy>,
    acceptor: Arc<Acceptor>,
    registry: Arc<ConnectionRegistry>,
    issued: Arc<Issued>,
    certificates: Certificates,
    listeners: tokio::sync::Mutex<Listeners>,
    /// Held during a reload: of two concurrent reloads the older configuration could win.
    reloading: tokio::sync::Mutex<()>,
    /// The warnings that were logged last.
    last_warnings: Mutex<Vec<String>>,
    since: Instant,
    /// Time at which the configuration in use was loaded.
    loaded: Mutex<OffsetDateTime>,
    /// Cancels the control socket, orders and a hand-over.
    shutdown: CancellationToken,
}

/// Reason for the end of the process.
enum End {
    /// A stop signal: connections get 15 seconds.
    Stop,
    /// Another process has taken over: connections get an hour.
    HandOver(Accepting),
}

/// The inputs of the start.
struct Startup {
    path: PathBuf,
    config: Config,
    journal: Journal,
    /// Runtime of the ACME tasks.
    acme: Handle,
}

/// Time for writes in progress when the process ends.
const LAST_WRITES: Duration = Duration::from_millis(500);

/// Runs hubgate until a signal or a hand-over ends it.
///
/// # Errors
/// [`config::Faults`] for an invalid `proxy.yaml`, or the reason for a failed start.
pub fn run(path: PathBuf, mode: RunMode) -> anyhow::Result<()> {
    tls::install_provider();
    let source = path.clone();
    let config = FileAccess::with_deadline().wait(move || config::load(&source))??;
    let journal = journal::init(config.log.level)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .on_thread_start(file_access::mark_as_serving)
        .build()
        .context("starting the runtime")?;
    // ACME tasks wait for disks, so they have a runtime that serves no connections.
    let acme = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("acme")
        .enable_all()
        .build()
        .context("starting the runtime of ACME")?;
    let startup = Startup {
        path,
        config,
        journal: journal.clone(),
        acme: acme.handle().clone(),
    };
    let ended = runtime.block_on(startup.serve(mode));
    // Neither runtime waits for a thread that a dead disk blocks.
    acme.shutdown_timeout(LAST_WRITES);
    runtime.shutdown_background();
    journal.flush();
    ended
}

impl Startup {
    /// Starts the server and serves until the process ends.
    async fn serve(self, mode: RunMode) -> anyhow::Result<()> {
        // Before everything else, since an early SIGHUP would end the process.
        let mut signals = Signals::listen()?;
        let predecessor = Predecessor::from_env();
        let starting = Server::start(self, predecessor.as_ref());
        let starting = async {
            let server = Arc::new(starting.await?);
            let socket = ControlSocket::open(&server).await;
            anyhow::Ok((server, socket))
        };
        let (server, socket) = tokio::select! {
            started = starting => started?,
            () = signals.end.recv() => {
                info!("stop requested before the start was complete");
                return Ok(());
            }
        };
        server.log_warnings();
        tokio::spawn(server.clone().refresh());
        tokio::spawn(server.clone().serve_control(socket));
        server.notify_ready(predecessor.as_ref());
        info!("ready on {}", server.listeners.lock().await);
        server.run(mode, signals).await;
        server.manager.flush();
        Ok(())
    }
}

impl Server {
    async fn start(startup: Startup, predecessor: Option<&Predecessor>) -> anyhow::Result<Self> {
        let Startup {
            path,
            config,
            journal,
            acme,
        } = startup;
        let manager = ServiceManager::start().context("starting a thread")?;
        let log = AccessLog::new(config.log.access).context("starting the access log")?;
        let (listen, configured) = (config.listen.clone(), config.limits.connections);
        let (files, shutdown) = (FileAccess::with_deadline(), CancellationToken::new());
        let loading = Loading {
            config,
            log,
            files: files.clone(),
            shutdown: shutdown.child_token(),
            acme,
        };
        let Loaded {
            issued,
            certificates,
            prepared,
            mut proxy,
        } = files.run(|| loading.load()).await??;
        proxy.takeover = predecessor.and_then(|_| Predecessor::probe());
        let proxy = Arc::new(proxy);
        let registry = Arc::new(ConnectionRegistry::default());
        let workers = Workers::start().context("starting the threads that serve")?;
        let capacity = DescriptorCapacity::raise();
        capacity.warn_if_below(configured);
        let acceptor = Arc::new(Acceptor::new(
            proxy.clone(),
            registry.clone(),
            workers,
            capacity.0,
        ));
        let listeners = Listeners::open(&listen, &acceptor)?;
        if let Some(predecessor) = predecessor {
            predecessor.delay_orders(&certificates).await;
        }
        // The listeners are open, so the CA can validate at once.
        certificates.keep(prepared);
        let clients = proxy.clients.clone();
        let devices = FileWatch::new(move || Refreshed::silently(clients.look()));
        Ok(Self {
            config: path,
            journal,
            manager,
            sweeps: Sweeps::new(files.clone()),
            devices: Arc::new(devices),
            files,
            proxy,
            acceptor,
            registry,
            issued,
            certificates,
            listeners: tokio::sync::Mutex::new(listeners),
            reloading: tokio::sync::Mutex::default(),
            last_warnings: Mutex::default(),
            since: Instant::now(),
            loaded: Mutex::new(OffsetDateTime::now_utc()),
            shutdown,
        })
    }

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
        if is_stop && is_orderly {
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
        warnings.extend(self.proxy.clients.warnings());
        let last = self.last_warnings.lock();
        let mut last = last.unwrap_or_else(PoisonError::into_inner);
        for warning in warnings.iter().filter(|warning| !last.contains(warning)) {
            warn!("{warning}");
        }
        *last = warnings;
    }
}

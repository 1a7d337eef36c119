//! The life of the process: start, ready, reload, hand-over, drain.
//!
//! Every shared handle is made here, once, and passed down.

mod bind_error;
pub mod control;
mod descriptors;
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
    handover::{Accepting, Predecessor},
    listeners::Listeners,
    loading::{Loaded, Loading},
    manager::ServiceManager,
    signals::Signals,
    sweep::Sweeps,
};

/// The running process.
pub struct Server {
    /// Where the configuration is read from.
    config: PathBuf,
    journal: Journal,
    manager: ServiceManager,
    files: FileAccess,
    sweeps: Sweeps,
    /// The devices' files.
    devices: Arc<FileWatch>,
    proxy: Arc<Proxy>,
    acceptor: Arc<Acceptor>,
    registry: Arc<ConnectionRegistry>,
    issued: Arc<Issued>,
    certificates: Certificates,
    listeners: tokio::sync::Mutex<Listeners>,
    /// Held during a reload: two at once could leave the older configuration.
    reloading: tokio::sync::Mutex<()>,
    /// What is wrong with the files in use, as told last.
    told: Mutex<Vec<String>>,
    since: Instant,
    /// When the configuration in use was read.
    loaded: Mutex<OffsetDateTime>,
    /// Gives up the control socket, orders and a hand-over.
    over: CancellationToken,
}

/// Why the process comes to its end.
enum End {
    /// Asked to stop: connections are given a short time.
    Stop,
    /// Another process has taken over: connections may finish in peace.
    HandOver(Accepting),
}

/// Runs hubgate until it is told to end.
///
/// # Errors
/// [`config::Faults`] for a broken `proxy.yaml`, or why the process could not start.
pub fn run(path: PathBuf, mode: RunMode) -> anyhow::Result<()> {
    tls::install_provider();
    let read = path.clone();
    let config = FileAccess::with_deadline().wait(move || config::load(&read))??;
    let journal = journal::init(config.log.level)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .on_thread_start(file_access::mark_as_serving)
        .build()
        .context("starting the runtime")?;
    // Keepers of certificates wait for disks: they run where nothing is served.
    let keepers = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("acme")
        .enable_all()
        .build()
        .context("starting the runtime of ACME")?;
    let keeping = keepers.handle().clone();
    let ended = runtime.block_on(serve(path, mode, config, journal.clone(), keeping));
    // A thread that a dead disk holds is left behind.
    keepers.shutdown_timeout(LAST_WRITES);
    runtime.shutdown_background();
    journal.flush();
    ended
}

/// In which what is being written at the end gets onto the disk.
const LAST_WRITES: Duration = Duration::from_millis(500);

async fn serve(
    path: PathBuf,
    mode: RunMode,
    config: Config,
    journal: Journal,
    keepers: Handle,
) -> anyhow::Result<()> {
    // First of all: an early SIGHUP would end the process.
    let mut signals = Signals::listen()?;
    let predecessor = Predecessor::from_env();
    let starting = Server::start(path, config, journal, keepers, predecessor.as_ref());
    let starting = async {
        let server = Arc::new(starting.await?);
        let socket = control::open(&server).await;
        anyhow::Ok((server, socket))
    };
    let (server, socket) = tokio::select! {
        started = starting => started?,
        () = signals.end.recv() => {
            info!("asked to stop before the start was done");
            return Ok(());
        }
    };
    server.tell_warnings();
    tokio::spawn(refresh::keep_current(server.clone()));
    tokio::spawn(control::serve(server.clone(), socket));
    server.is_ready(predecessor.as_ref());
    info!("ready on {}", server.listeners.lock().await);
    live(&server, mode, signals).await;
    server.manager.flush();
    Ok(())
}

/// Serves until a signal, or a process that has taken over, ends this one.
///
/// Nothing but signals is awaited here: what they ask for runs beside this, one at a time of each
/// kind, and signals that come meanwhile count as one.
async fn live(server: &Arc<Server>, mode: RunMode, signals: Signals) {
    let Signals {
        reload,
        hand_over,
        mut end,
    } = signals;
    let (reloading, handing_over) = (server.clone(), server.clone());
    let reloads = spawn(async move {
        if mode == RunMode::Service {
            reload::on_signal(reloading, reload).await;
        }
    });
    let mut hand_over = spawn(async move {
        match mode {
            RunMode::Service => handover::on_signal(handing_over, hand_over).await,
            RunMode::Demo => None,
        }
    });
    let ended = tokio::select! {
        Ok(Some(accepting)) = &mut hand_over => End::HandOver(accepting),
        () = end.recv() => End::Stop,
    };
    drop(reloads);
    let is_stop = matches!(ended, End::Stop);
    let orderly = stop::end(server, ended, &mut end).await;
    if is_stop && orderly {
        tokio::select! {
            _ = hand_over => {}
            () = end.recv() => {}
        }
    }
}

/// A task that ends with its handle.
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> AbortOnDropHandle<T> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// What looks after the devices of the house.
fn devices(proxy: &Proxy) -> FileWatch {
    let clients = proxy.clients.clone();
    FileWatch::new(move || Refreshed::silently(clients.look()))
}

impl Server {
    async fn start(
        path: PathBuf,
        config: Config,
        journal: Journal,
        keepers: Handle,
        predecessor: Option<&Predecessor>,
    ) -> anyhow::Result<Self> {
        let manager = ServiceManager::start().context("starting a thread")?;
        let log = AccessLog::new(config.log.access).context("starting the access log")?;
        let (listen, configured) = (config.listen.clone(), config.limits.connections);
        let (files, over) = (FileAccess::with_deadline(), CancellationToken::new());
        let loading = Loading {
            config,
            log,
            files: files.clone(),
            over: over.child_token(),
            keepers,
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
        let connections = descriptors::connections();
        descriptors::warn_of(configured, connections);
        let acceptor = Arc::new(Acceptor::new(
            proxy.clone(),
            registry.clone(),
            workers,
            connections,
        ));
        let listeners = Listeners::open(&listen, &acceptor)?;
        if let Some(predecessor) = predecessor {
            predecessor.delay_orders(&certificates).await;
        }
        // The CA may look at once.
        certificates.keep(prepared);
        Ok(Self {
            config: path,
            journal,
            manager,
            sweeps: Sweeps::new(files.clone()),
            devices: Arc::new(devices(&proxy)),
            files,
            proxy,
            acceptor,
            registry,
            issued,
            certificates,
            listeners: tokio::sync::Mutex::new(listeners),
            reloading: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            since: Instant::now(),
            loaded: Mutex::new(OffsetDateTime::now_utc()),
            over,
        })
    }

    /// Reports that this process serves: to the one that it takes over from, or to systemd.
    fn is_ready(&self, predecessor: Option<&Predecessor>) {
        match predecessor {
            Some(predecessor) => predecessor.is_ready(),
            None => self.manager.notify(&[NotifyState::Ready]),
        }
    }

    /// The folder of what is kept.
    pub(super) fn state(&self) -> PathBuf {
        self.proxy.sites().config.state.clone()
    }

    /// Says what is wrong with files that are used all the same; what was said last, not again.
    fn tell_warnings(&self) {
        let mut warnings = self.proxy.sites().warnings();
        warnings.extend(self.proxy.clients.warnings());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings.iter().filter(|warning| !told.contains(warning)) {
            warn!("{warning}");
        }
        *told = warnings;
    }
}

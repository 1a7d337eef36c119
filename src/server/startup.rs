//! The start of the process: configuration, runtimes, shared handles, listeners, readiness.
//!
//! Every shared handle is created here, once, and passed down.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::Context;
use time::OffsetDateTime;
use tokio::runtime::{self, Handle};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    RunMode, Server,
    control::ControlSocket,
    descriptors::DescriptorCapacity,
    handover::Predecessor,
    history::HistoryTask,
    listeners::Listeners,
    loading::{Loaded, Loading},
    service_manager::ServiceManager,
    signals::Signals,
    sweep::Sweeps,
};
use crate::{
    acme::Certificates,
    config::{self, model::Config},
    connection::{acceptor::Acceptor, registry::ConnectionRegistry, workers::Workers},
    events::{Events, event::Event},
    file_access::{self, FileAccess},
    http::proxy::Proxy,
    sites::file_watch::{FileWatch, Refreshed},
    telemetry::{
        access_log::AccessLog,
        journal::{self, Journal},
    },
    tls,
};

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
        server.observe_devices();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        server.proxy.events.report(Event::Start { version });
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
    /// Loads every file, opens the listeners and creates the shared handles.
    async fn start(startup: Startup, predecessor: Option<&Predecessor>) -> anyhow::Result<Self> {
        let Startup {
            path,
            config,
            journal,
            acme,
        } = startup;
        let manager = ServiceManager::start().context("starting a thread")?;
        let (listen, connections) = (config.listen.clone(), config.limits.connections);
        let (files, shutdown) = (FileAccess::with_deadline(), CancellationToken::new());
        let log = AccessLog::new(config.log.access).context("starting the access log")?;
        let (events, queue) = Events::new(log);
        let loading = Loading {
            events,
            config,
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
        proxy.health.follow(&proxy.sites());
        let registry = Arc::new(ConnectionRegistry::default());
        let acceptor = Self::acceptor(&proxy, &registry, connections)?;
        let listeners = Listeners::open(&listen, &acceptor)?;
        let alone = Self::follow(predecessor, &certificates).await;
        // The listeners are open, so the CA can validate at once.
        certificates.run_prepared(prepared);
        let clients = proxy.devices.clone();
        let devices = FileWatch::new(move || Refreshed::without_line(clients.poll()));
        Ok(Self {
            config: path,
            journal,
            manager,
            sweeps: Sweeps::new(files.clone()),
            history: HistoryTask::start(&proxy, files.clone(), queue, alone.clone()),
            observed: Mutex::default(),
            device_files: Arc::new(devices),
            files,
            proxy,
            acceptor,
            registry,
            acme_certificates: issued,
            certificates,
            listeners: tokio::sync::Mutex::new(listeners),
            reloading: tokio::sync::Mutex::default(),
            last_warnings: Mutex::default(),
            since: Instant::now(),
            loaded: Mutex::new(OffsetDateTime::now_utc()),
            shutdown,
            alone,
        })
    }

    /// Delays ACME orders while a previous process accepts; returns the token that is cancelled as
    /// soon as none does.
    async fn follow(
        predecessor: Option<&Predecessor>,
        certificates: &Certificates,
    ) -> CancellationToken {
        let alone = CancellationToken::new();
        match predecessor {
            Some(predecessor) => predecessor.delay_orders(certificates, &alone).await,
            None => alone.cancel(),
        }
        alone
    }

    /// Starts the workers of an acceptor for as many connections as the descriptors suffice for.
    fn acceptor(
        proxy: &Arc<Proxy>,
        registry: &Arc<ConnectionRegistry>,
        configured: usize,
    ) -> anyhow::Result<Arc<Acceptor>> {
        let workers = Workers::start().context("starting the worker threads")?;
        let capacity = DescriptorCapacity::raise();
        capacity.warn_if_below(configured);
        let DescriptorCapacity(connections) = capacity;
        let (proxy, registry) = (proxy.clone(), registry.clone());
        let acceptor = Acceptor::new(proxy, registry, workers, connections);
        Ok(Arc::new(acceptor))
    }
}

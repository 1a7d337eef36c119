//! The life of the process: start, ready, reload, hand-over, drain.
//!
//! Every shared handle is made here, once, and passed down.

mod bind_error;
pub mod control;
mod descriptors;
mod handover;
mod listeners;
mod refresh;
mod reload;
mod signals;
mod stop;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::Context;
use sd_notify::NotifyState;
use time::OffsetDateTime;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    acme::Certificates,
    clients::Clients,
    config::{self, model::Config},
    front::{Front, links::Links},
    proxy::{Proxy, Service},
    secret_file,
    telemetry::{
        access_log::AccessLog,
        journal::{self, Journal},
    },
    tls::{self, Issued},
};

pub use self::bind_error::cannot_listen;
use self::{listeners::Listeners, signals::Signals};

/// The running process.
pub struct Server {
    /// Where the configuration is read from.
    config: PathBuf,
    journal: Journal,
    proxy: Arc<Proxy>,
    front: Arc<Front>,
    links: Arc<Links>,
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
    /// Gives the control socket up.
    over: CancellationToken,
}

/// Why the process comes to its end.
enum End {
    /// Asked to stop: connections are given a short time.
    Stop,
    /// Another process has taken over: connections may finish in peace.
    HandOver,
}

/// Runs hubgate until it is told to end.
///
/// # Errors
/// [`config::Faults`] for a broken `proxy.yaml`, or why the process could not start.
pub fn run(path: PathBuf) -> anyhow::Result<()> {
    tls::install_provider();
    let config = config::load(&path)?;
    let journal = journal::init(config.log.level)?;
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let ended = runtime.block_on(serve(path, config, journal.clone()));
    journal.flush();
    ended
}

async fn serve(path: PathBuf, config: Config, journal: Journal) -> anyhow::Result<()> {
    // First of all: an early SIGHUP would end the process.
    let mut signals = Signals::listen()?;
    let server = Arc::new(Server::start(path, config, journal).await?);
    server.tell_warnings();
    tokio::spawn(refresh::keep_current(server.clone()));
    if let Some(listener) = control::open(&server) {
        tokio::spawn(control::serve(server.clone(), listener));
    }
    handover::ready();
    info!("ready on {}", server.listeners.lock().await);
    let end = server.live(&mut signals).await;
    stop::end(&server, end, &mut signals).await;
    Ok(())
}

impl Server {
    async fn start(path: PathBuf, config: Config, journal: Journal) -> anyhow::Result<Self> {
        let log = AccessLog::new(config.log.access).context("starting the access log")?;
        let (listen, configured) = (config.listen.clone(), config.limits.connections);
        // A module that needs the folder reports on first use that it cannot be made.
        secret_file::make_folder(&config.state).ok();
        secret_file::remove_leftovers(&config.state);
        let (issued, over) = (Arc::new(Issued::default()), CancellationToken::new());
        let certificates = Certificates::new(&config.state, issued.clone(), over.child_token());
        let prepared = certificates.prepare(&config)?;
        let challenges = certificates.challenges().clone();
        let clients = Clients::load(&config)?;
        let proxy = Proxy::build(config, log, &issued, challenges, clients)?;
        let service = Service::new(proxy);
        let links = Arc::new(Links::default());
        let proxy = service.proxy.clone();
        let connections = descriptors::connections();
        descriptors::warn_of(configured, connections);
        let front = Arc::new(Front::new(service, links.clone(), connections));
        let listeners = Listeners::open(&listen, &front)?;
        // The CA may look at once.
        certificates.keep(prepared);
        Ok(Self {
            config: path,
            journal,
            proxy,
            front,
            links,
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

    /// Answers signals until one of them ends the process.
    async fn live(&self, signals: &mut Signals) -> End {
        loop {
            tokio::select! {
                _ = signals.reload.recv() => self.reload_loudly().await,
                _ = signals.hand_over.recv() => match handover::hand_over(self).await {
                    Ok(pid) => {
                        info!("process {pid} has taken over");
                        return End::HandOver;
                    }
                    Err(error) => error!("the new process did not start, this one goes on: {error:#}"),
                },
                _ = signals.terminate.recv() => return End::Stop,
                _ = signals.interrupt.recv() => return End::Stop,
            }
        }
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

    async fn reload_loudly(&self) {
        let began = NotifyState::monotonic_usec_now().unwrap_or(NotifyState::Reloading);
        notify(&[NotifyState::Reloading, began]);
        match self.reload().await {
            Ok(()) => info!("reloaded {}", self.config.display()),
            Err(error) => error!("not reloaded, nothing has changed: {error:#}"),
        }
        notify(&[NotifyState::Ready]);
    }
}

/// Tells systemd; without it, nobody.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn!("cannot tell systemd: {error}");
    }
}

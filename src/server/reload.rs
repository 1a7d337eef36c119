//! Reload: read everything again, build it whole, and only then use it.

use std::sync::{Arc, PoisonError};

use anyhow::bail;
use sd_notify::NotifyState;
use time::OffsetDateTime;
use tokio::signal::unix::Signal;
use tracing::{error, info, warn};

use crate::{
    acme::Prepared,
    config::{self, model::Config},
    sites::Sites,
};

use super::Server;

/// Reloads at each signal.
pub(super) async fn on_signal(server: Arc<Server>, mut signal: Signal) {
    while signal.recv().await.is_some() {
        server.reload_loudly().await;
    }
}

impl Server {
    async fn reload_loudly(self: &Arc<Self>) {
        let began = NotifyState::monotonic_usec_now().unwrap_or(NotifyState::Reloading);
        self.manager.notify(&[NotifyState::Reloading, began]);
        match self.reload().await {
            Ok(()) => info!("reloaded {}", self.config.display()),
            Err(error) => error!("not reloaded, nothing has changed: {error:#}"),
        }
        self.manager.notify(&[NotifyState::Ready]);
    }

    /// Reads the configuration again; on any fault nothing changes.
    ///
    /// # Errors
    /// What is wrong with the file, or with what it names.
    pub(super) async fn reload(self: &Arc<Self>) -> anyhow::Result<()> {
        let _alone = self.reloading.lock().await;
        let server = self.clone();
        let (sites, prepared) = self.files.run(move || server.read()).await??;
        let config = &sites.config;
        let mut listeners = self.listeners.lock().await;
        if self.over.is_cancelled() {
            bail!("this process is about to end");
        }
        listeners.change(&config.listen, &self.acceptor)?;
        drop(listeners);
        if let Err(error) = self.journal.set_level(config.log.level) {
            warn!("the log level stays: {error}");
        }
        self.proxy.log.set_format(config.log.access);
        self.proxy.replace(sites);
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = OffsetDateTime::now_utc();
        self.certificates.keep(prepared);
        self.tell_warnings();
        self.end_unadmitted().await;
        Ok(())
    }

    /// Reads the configuration and every file that it names.
    fn read(&self) -> anyhow::Result<(Sites, Prepared)> {
        let config = config::load(&self.config)?;
        self.must_stay_at_home(&config)?;
        let prepared = self.certificates.prepare(&config)?;
        self.proxy.clients.prepare(&config)?;
        let sites = Sites::build(config, &self.issued)?;
        self.proxy.prepare(&sites);
        Ok((sites, prepared))
    }

    /// The process holds its control socket, certificates and locks there.
    fn must_stay_at_home(&self, config: &Config) -> anyhow::Result<()> {
        let (old, new) = (&self.proxy.sites().config.state, &config.state);
        if old == new {
            return Ok(());
        }
        bail!(
            "{}: state: a reload cannot move it from {} to {}; restart hubgate",
            self.config.display(),
            old.display(),
            new.display()
        )
    }
}

//! Reload: loads the configuration with all its files, then swaps the sites.
//!
//! A fault changes nothing.

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

impl Server {
    /// Reloads at each signal.
    pub(super) async fn reload_on_signal(self: Arc<Self>, mut signal: Signal) {
        while signal.recv().await.is_some() {
            self.reload_and_notify().await;
        }
    }

    /// Reloads, logs the result and notifies the service manager.
    async fn reload_and_notify(self: &Arc<Self>) {
        let began = NotifyState::monotonic_usec_now().unwrap_or(NotifyState::Reloading);
        self.manager.notify(&[NotifyState::Reloading, began]);
        match self.reload().await {
            Ok(()) => info!("reloaded {}", self.config.display()),
            Err(error) => error!("not reloaded, nothing has changed: {error:#}"),
        }
        self.manager.notify(&[NotifyState::Ready]);
    }

    /// Loads the configuration and uses it from the next request on.
    ///
    /// # Errors
    /// The faults of the configuration or of a file that it names; nothing has changed then.
    pub(super) async fn reload(self: &Arc<Self>) -> anyhow::Result<()> {
        let _lock = self.reloading.lock().await;
        let server = self.clone();
        let (sites, prepared) = self.files.run(move || server.load()).await??;
        let config = &sites.config;
        let mut listeners = self.listeners.lock().await;
        if self.shutdown.is_cancelled() {
            bail!("this process is shutting down");
        }
        listeners.change(&config.listen, &self.acceptor)?;
        drop(listeners);
        if let Err(error) = self.journal.set_level(config.log.level) {
            warn!("the log level cannot be changed: {error}");
        }
        self.proxy.log.set_format(config.log.access);
        self.proxy.replace(sites);
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = OffsetDateTime::now_utc();
        self.certificates.run_prepared(prepared);
        self.log_warnings();
        self.end_unadmitted().await;
        Ok(())
    }

    /// Loads the configuration and every file that it names.
    fn load(&self) -> anyhow::Result<(Sites, Prepared)> {
        let config = config::load(&self.config)?;
        self.check_state_folder(&config)?;
        let prepared = self.certificates.prepare(&config)?;
        let before = self.proxy.sites();
        self.proxy.devices.prepare_again(&config, &before.config)?;
        let sites = Sites::build(config, &self.acme_certificates)?;
        self.proxy.prepare(&sites);
        Ok((sites, prepared))
    }

    /// Refuses another state folder: the control socket, certificates and locks are in the old one.
    fn check_state_folder(&self, config: &Config) -> anyhow::Result<()> {
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

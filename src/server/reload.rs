//! Reload: read everything again, build it whole, and only then use it.

use tracing::warn;

use crate::{config, proxy::sites::Sites};

use super::Server;

impl Server {
    /// Reads the configuration again; on any fault nothing changes.
    ///
    /// # Errors
    /// What is wrong with the file, or with what it names.
    pub(super) async fn reload(&self) -> anyhow::Result<()> {
        let _alone = self.reloading.lock().await;
        let config = config::load(&self.config)?;
        let sites = Sites::build(config)?;
        let config = &sites.config;
        let mut listeners = self.listeners.lock().await;
        listeners.change(&config.listen, &self.front)?;
        drop(listeners);
        if let Err(error) = self.journal.set_level(config.log.level) {
            warn!("the log level stays: {error}");
        }
        self.proxy.log.set_format(config.log.access);
        self.proxy.replace(sites);
        self.tell_warnings();
        self.cut_revoked();
        Ok(())
    }
}

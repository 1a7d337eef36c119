//! The part of the start that reads and writes files; runs on a blocking thread.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    acme::{Certificates, Prepared},
    config::model::Config,
    devices::Devices,
    events::{Events, history::HistoryFile},
    file_access::FileAccess,
    http::proxy::Proxy,
    private_file::{PrivateFolder, remove_leftovers},
    tls::AcmeCertificates,
};

/// The inputs of the load.
pub(super) struct Loading {
    pub(super) config: Config,
    pub(super) events: Arc<Events>,
    pub(super) files: FileAccess,
    pub(super) shutdown: CancellationToken,
    pub(super) acme: Handle,
}

/// The loaded parts of the server.
pub(super) struct Loaded {
    pub(super) issued: Arc<AcmeCertificates>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) prepared: Prepared,
    pub(super) proxy: Proxy,
}

impl Loading {
    /// Loads the files that the configuration names, and those of the state folder.
    pub(super) fn load(self) -> anyhow::Result<Loaded> {
        let (config, issued) = (self.config, Arc::new(AcmeCertificates::default()));
        // Errors are ignored: a module that needs the folder reports it on first use.
        PrivateFolder(&config.state).create_if_missing().ok();
        remove_leftovers(&config.state);
        let files = self.files;
        let certificates =
            Certificates::new(&config.state, issued.clone(), self.shutdown, files.clone());
        let certificates = Arc::new(certificates.on_runtime(self.acme));
        let prepared = certificates.prepare(&config)?;
        let challenges = certificates.challenges().clone();
        let devices = Devices::load(&config, files)?;
        let history = HistoryFile::new(&config.state).load();
        self.events.history.load(history);
        let proxy = Proxy::build(config, self.events, &issued, challenges, devices)?;
        proxy.certificates.set(certificates.clone()).ok();
        Ok(Loaded {
            issued,
            certificates,
            prepared,
            proxy,
        })
    }
}

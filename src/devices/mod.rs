//! Devices with certificates of the own client CA: registry, invitations, certificates.
//!
//! [`Devices`] enrols a device by a link and a code, issues its certificate and records its last
//! use. `registry` stores devices, `tls` verifies their certificates. No HTTP here: `pages` only
//! renders the enrolment pages.

mod enrolment;
pub(crate) mod files;
mod invitation;
pub mod pages;
pub mod registry;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use time::OffsetDateTime;
use tracing::{error, warn};

pub use self::{
    enrolment::{CodeOutcome, DownloadContent},
    files::{
        credential::{Credential, FileOptions, KeyKind, issue},
        pkcs12::Encryption,
    },
    invitation::{LIFE, certificate_request::CertificateRequest},
    registry::ca_store::{ClientCaStore, Issued},
};
use self::{
    invitation::{Invitation, Invitations, test_window::TestWindows},
    registry::{
        DeviceCertificate, Registry,
        last_seen::{LastSeen, Sighting},
        status::DeviceReport,
    },
};
use crate::{config::model::Config, file_access::FileAccess, watched::Watched};

/// The devices of the own client CA; clones share one state.
#[derive(Clone)]
pub struct Devices(Arc<Shared>);

struct Shared {
    files: FileAccess,
    ca_store: ClientCaStore,
    registry: Watched<anyhow::Result<Registry>>,
    invitations: Mutex<Invitations>,
    last_seen: Mutex<LastSeen>,
    /// The last revocation of a replaced certificate failed, and the failure was logged.
    revocation_failed: Mutex<bool>,
    test_windows: Mutex<TestWindows>,
}

/// Shortest time between two writes of `seen.json`; limits the wear of memory cards.
const WRITE_INTERVAL: Duration = Duration::from_secs(60);

impl Devices {
    /// Loads the devices of the CA in `state` and prepares the CA.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn load(config: &Config, files: FileAccess) -> anyhow::Result<Self> {
        let ca_store = ClientCaStore::new(&config.state);
        let source = ca_store.clone();
        let registry = Watched::load(
            vec![ca_store.register_file()],
            move || Ok(source.register()),
        )?;
        let clients = Self(Arc::new(Shared {
            last_seen: Mutex::new(LastSeen::new(ca_store.last_seen())),
            files,
            ca_store,
            registry,
            invitations: Mutex::default(),
            revocation_failed: Mutex::default(),
            test_windows: Mutex::default(),
        }));
        clients.prepare(config)?;
        Ok(clients)
    }

    /// Prepares the CA for another configuration.
    ///
    /// # Errors
    /// As [`Self::prepare`], and when the CA that is in use is missing: a new one would lock out
    /// every enrolled device.
    pub fn prepare_again(&self, config: &Config, before: &Config) -> anyhow::Result<()> {
        if before.uses_own_ca() && config.uses_own_ca() {
            let exists = self.0.ca_store.must_have_ca();
            exists.context("client_certificate: own")?;
        }
        self.prepare(config)
    }

    /// Creates the CA if a site uses it for the first time, and logs faults of the existing files.
    ///
    /// # Errors
    /// As [`ClientCaStore::prepare`].
    pub fn prepare(&self, config: &Config) -> anyhow::Result<()> {
        if !config.uses_own_ca() {
            return Ok(());
        }
        for fault in self
            .0
            .ca_store
            .prepare()
            .context("client_certificate: own")?
        {
            warn!("{fault}");
        }
        Ok(())
    }

    /// Opens the test window of an address: for one minute, its handshakes request a client
    /// certificate where none is required.
    pub fn open_test_window(&self, address: IpAddr) {
        lock(&self.0.test_windows).open(address, Instant::now());
    }

    /// Returns true while the test window of the address is open.
    #[must_use]
    pub fn has_test_window(&self, address: IpAddr) -> bool {
        lock(&self.0.test_windows).is_open(address, Instant::now())
    }

    /// Records the use of a valid certificate, and completes the device's invitation at the first.
    pub fn record_sighting(&self, serial: &str, from: IpAddr) {
        let sighting = Sighting {
            at: OffsetDateTime::now_utc(),
            from,
        };
        lock(&self.0.last_seen).record(serial, sighting);
        if let Some((download, progress)) = lock(&self.0.invitations).download_of_serial(serial)
            && !download.seen
        {
            download.seen = true;
            progress.report(
                download.certificate.name.as_str(),
                &format!("seen at {from}"),
            );
            progress.done();
        }
    }

    /// Revokes each certificate that has a successor which was already used.
    fn revoke_replaced(&self) {
        let newer = self.in_registry(|registry| {
            let last_seen = lock(&self.0.last_seen);
            let newer = registry.replacing().map(|client| client.serial.clone());
            newer
                .filter(|serial| last_seen.sightings().get(serial).is_some())
                .collect::<Vec<_>>()
        });
        let newer = newer.iter().flatten();
        let mut revoked = newer.map(|serial| self.0.ca_store.replace(serial));
        let failed = revoked.find_map(Result::err);
        let mut has_failed = lock(&self.0.revocation_failed);
        if let Some(fault) = failed.as_ref().filter(|_| !*has_failed) {
            error!("the old certificate of a renewed device cannot be revoked: {fault:#}");
        }
        *has_failed = failed.is_some();
    }

    /// Returns the name of the device with a serial number, expired or revoked ones included.
    #[must_use]
    pub fn device_name(&self, serial: &str) -> Option<registry::name::Name> {
        self.in_registry(|registry| Some(registry.of_serial(serial)?.name.clone()))?
    }

    /// Returns the states of all devices.
    ///
    /// # Errors
    /// As [`ClientCaStore::states`].
    pub fn states(&self, config: &Config) -> anyhow::Result<Vec<DeviceReport>> {
        let sightings = lock(&self.0.last_seen).sightings().clone();
        self.0.ca_store.states(config, &sightings)
    }

    /// Returns warnings for the operator: a damaged registry, certificates that expire soon.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match self.0.registry.current().as_ref() {
            Ok(registry) => registry
                .expiring(OffsetDateTime::now_utc())
                .map(DeviceCertificate::expiry_warning)
                .collect(),
            Err(fault) => vec![format!("{fault:#}")],
        }
    }

    /// Reloads changed files, ends expired invitations, revokes replaced certificates and writes
    /// `seen.json`.
    ///
    /// Returns true if [`Self::warnings`] may have changed.
    pub fn poll(&self) -> bool {
        // The refresh itself never fails: a fault of the file is the value of `registry`.
        let changed = self.0.registry.refresh().unwrap_or(false);
        if changed {
            self.in_registry(|registry| {
                let is_known = |serial: &str| registry.of_serial(serial).is_some();
                lock(&self.0.last_seen).retain(is_known);
            });
        }
        let expired = lock(&self.0.invitations).take_expired(Instant::now());
        expired.iter().for_each(Invitation::end);
        self.revoke_replaced();
        self.save(WRITE_INTERVAL);
        changed
    }

    /// Writes `seen.json` if it is out of date and its last write is at least `interval` ago.
    ///
    /// A failure is retried after the next interval and not logged, since nothing depends on it.
    pub fn save(&self, interval: Duration) {
        let due = lock(&self.0.last_seen).take_due(interval);
        if due.is_some_and(|sightings| self.0.ca_store.save_last_seen(&sightings).is_err()) {
            lock(&self.0.last_seen).mark_unsaved();
        }
    }

    /// Calls `find` with the registry; returns none if the registry cannot be read.
    fn in_registry<T>(&self, find: impl FnOnce(&Registry) -> T) -> Option<T> {
        self.0.registry.current().as_ref().as_ref().ok().map(find)
    }
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Devices with certificates of hubgate's own client CA: registry, invitations and enrolment.
//!
//! [`Clients`] invites a device with a link and a code, issues its certificate, and records its last
//! sighting. `folder` has the files, by which `tls` judges devices. The module has no HTTP; `page`
//! only renders the enrolment pages.

mod backup;
mod ca;
mod credential;
pub mod folder;
mod invitation;
mod likeness;
pub mod name;
pub mod page;
pub mod pkcs12;
pub mod profile;
pub mod register;
mod secret;
pub mod serial;
mod sightings;
pub mod state;
mod ticket;
mod trials;
mod wish;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use time::OffsetDateTime;
use tracing::{error, warn};

pub use self::{
    credential::{Credential, KeyKind, Making, issue},
    folder::{Folder, Issued},
    invitation::LIFE,
    pkcs12::Encryption,
    wish::Wish,
};
use self::{
    invitation::{CodeResult, Invitation, Invitations},
    register::Register,
    sightings::{LastSeenCache, Sighting},
    state::State,
    ticket::Download,
    trials::TestWindows,
};
use crate::{
    config::model::Config,
    file_access::FileAccess,
    telemetry::progress::{self, Steps},
    watched::Watched,
};

/// The devices of the client CA.
#[derive(Clone)]
pub struct Clients(Arc<Shared>);

struct Shared {
    files: FileAccess,
    folder: Folder,
    register: Watched<anyhow::Result<Register>>,
    invitations: Mutex<Invitations>,
    last_seen: Mutex<LastSeenCache>,
    /// A replaced certificate could not be revoked, which was logged.
    revocation_failed: Mutex<bool>,
    test_windows: Mutex<TestWindows>,
}

/// The result of entering a code.
#[derive(Debug)]
pub enum Entered {
    /// Correct, with the token of the download page.
    Right(String),
    /// Wrong, with this number of tries left.
    Wrong(u8),
    /// Wrong on the last try.
    Last,
    /// Unknown, used or expired link.
    Unknown,
    /// Correct, but no certificate could be issued; the link stays valid.
    Failed(String),
}

/// The content of a download page.
#[derive(Debug)]
pub struct Fetching {
    /// Name of the device.
    pub name: name::Name,
    /// Key, certificate and password of the files.
    pub credential: Credential,
    /// The device has presented the certificate.
    pub seen: bool,
}

/// Interval between two writes of the sightings, as memory cards wear.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);

impl Clients {
    /// Loads the devices from the state folder, and prepares the CA.
    ///
    /// # Errors
    /// Those of [`Clients::prepare`].
    pub fn load(config: &Config, files: FileAccess) -> anyhow::Result<Self> {
        let folder = Folder::of(&config.state);
        let source = folder.clone();
        let register = Watched::load(vec![folder.register_file()], move || Ok(source.register()))?;
        let clients = Self(Arc::new(Shared {
            last_seen: Mutex::new(LastSeenCache::new(folder.sightings())),
            files,
            folder,
            register,
            invitations: Mutex::default(),
            revocation_failed: Mutex::default(),
            test_windows: Mutex::default(),
        }));
        clients.prepare(config)?;
        Ok(clients)
    }

    /// Generates the CA when a site uses it for the first time, and logs the faults of its files.
    ///
    /// # Errors
    /// Those of [`Folder::prepare`].
    pub fn prepare(&self, config: &Config) -> anyhow::Result<()> {
        if !config.has_own_clients() {
            return Ok(());
        }
        for fault in self.0.folder.prepare().context("client_certificate: own")? {
            warn!("{fault}");
        }
        Ok(())
    }

    /// Invites a device; returns the token of its link, its code, and the steps of its enrolment.
    ///
    /// # Errors
    /// The name is taken, or the device has an open invitation.
    pub fn invite(&self, wish: Wish, making: Making) -> anyhow::Result<(String, String, Steps)> {
        let register = self.0.folder.register()?;
        wish.check(&register, OffsetDateTime::now_utc())?;
        let (teller, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.open(wish, making, teller, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Shows an open invitation; returns the token of its link, its code, and its further steps.
    ///
    /// # Errors
    /// No invitation of that name is open.
    pub fn invitation(&self, name: &name::Name) -> anyhow::Result<(String, String, Steps)> {
        let (teller, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.show(name, teller, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Ends an open invitation.
    ///
    /// # Errors
    /// No invitation of that name is open.
    pub fn withdraw(&self, name: &name::Name) -> anyhow::Result<()> {
        lock(&self.0.invitations).withdraw(name, Instant::now())
    }

    /// Returns the name of the device that a link invites, and the number of tries left.
    #[must_use]
    pub fn invited(&self, link: &str, from: IpAddr) -> Option<(name::Name, u8)> {
        let mut invitations = lock(&self.0.invitations);
        let invitation = invitations.find_link(link, Instant::now())?;
        invitation.opened(from);
        Some((invitation.wish.name.clone(), invitation.tries_left()))
    }

    /// Enters the code of a link, and issues the certificate if it is correct.
    pub async fn enter(&self, link: String, code: String, from: IpAddr) -> Entered {
        let (clients, entered) = (self.clone(), link.clone());
        // Generating a key takes seconds on a small board.
        let entering = self
            .0
            .files
            .run(move || clients.try_code(&entered, &code, from));
        entering.await.unwrap_or_else(|fault| {
            let fault = fault.to_string();
            lock(&self.0.invitations).failed(&link, &fault);
            Entered::Failed(fault)
        })
    }

    fn try_code(&self, link: &str, code: &str, from: IpAddr) -> Entered {
        let tried = lock(&self.0.invitations).try_code(link, code, from, Instant::now());
        match tried {
            CodeResult::Right(wish, making) => self.issue(link, &wish, making),
            CodeResult::Wrong(left) => Entered::Wrong(left),
            CodeResult::Last => Entered::Last,
            CodeResult::Unknown => Entered::Unknown,
        }
    }

    fn issue(&self, link: &str, wish: &Wish, making: Making) -> Entered {
        let download = issue(&self.0.folder, wish, making)
            .and_then(|(client, credential)| Download::new(client, credential));
        let mut invitations = lock(&self.0.invitations);
        match download {
            Ok(download) => {
                let page = download.page.text().to_owned();
                invitations.ready(link, download, Instant::now());
                Entered::Right(page)
            }
            Err(fault) => {
                let fault = format!("{fault:#}");
                invitations.failed(link, &fault);
                Entered::Failed(fault)
            }
        }
    }

    /// Returns the content of a download page; `None` if it is unknown or expired.
    #[must_use]
    pub fn fetching(&self, page: &str) -> Option<Fetching> {
        let mut invitations = lock(&self.0.invitations);
        let (download, _) = invitations.find_page(page, Instant::now())?;
        Some(Fetching {
            name: download.client.name.clone(),
            credential: download.credential.clone(),
            seen: download.seen,
        })
    }

    /// Reports that a file of a download page was downloaded.
    pub fn fetched(&self, page: &str, file: &str) {
        let mut invitations = lock(&self.0.invitations);
        if let Some((download, teller)) = invitations.find_page(page, Instant::now()) {
            teller.tell(download.client.name.as_str(), &format!("fetched {file}"));
        }
    }

    /// Opens a test window for an address: for a minute its handshakes request a certificate.
    pub fn let_try(&self, address: IpAddr) {
        lock(&self.0.test_windows).begin(address, Instant::now());
    }

    /// Reports whether a test window is open for an address.
    #[must_use]
    pub fn tries(&self, address: IpAddr) -> bool {
        lock(&self.0.test_windows).has(address, Instant::now())
    }

    /// Records that a device presented its valid certificate.
    pub fn saw(&self, serial: &str, from: IpAddr) {
        let sighting = Sighting {
            at: OffsetDateTime::now_utc(),
            from,
        };
        lock(&self.0.last_seen).add(serial, sighting);
        if let Some((download, teller)) = lock(&self.0.invitations).find_serial(serial)
            && !download.seen
        {
            download.seen = true;
            teller.tell(download.client.name.as_str(), &format!("seen at {from}"));
            teller.done();
        }
    }

    /// Revokes the certificates of which the replacement was seen.
    fn revoke_replaced(&self) {
        let newer = self.with_register(|register| {
            let last_seen = lock(&self.0.last_seen);
            let pending = register.pending_replacements();
            let serials = pending.map(|client| client.serial.clone());
            let seen = serials.filter(|serial| last_seen.sightings().of(serial).is_some());
            seen.collect::<Vec<_>>()
        });
        let newer = newer.iter().flatten();
        let mut revoked = newer.map(|serial| self.0.folder.replace(serial));
        let failed = revoked.find_map(Result::err);
        let mut was_logged = lock(&self.0.revocation_failed);
        if let Some(fault) = failed.as_ref().filter(|_| !*was_logged) {
            error!("a replaced certificate could not be revoked and is still valid: {fault:#}");
        }
        *was_logged = failed.is_some();
    }

    /// Returns the name of the device with a serial number, also of a revoked or expired one.
    #[must_use]
    pub fn name_of(&self, serial: &str) -> Option<name::Name> {
        self.with_register(|register| Some(register.find_serial(serial)?.name.clone()))?
    }

    /// Returns the states of all devices.
    ///
    /// # Errors
    /// The register cannot be read.
    pub fn states(&self) -> anyhow::Result<Vec<State>> {
        let register = self.0.folder.register()?;
        let last_seen = lock(&self.0.last_seen);
        let now = OffsetDateTime::now_utc();
        Ok(state::of(&register, last_seen.sightings(), now))
    }

    /// Returns the warnings for the operator: a damaged register, and certificates that expire
    /// soon.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match self.0.register.current().as_ref() {
            Ok(register) => register
                .expiring(OffsetDateTime::now_utc())
                .map(register::Client::expiry_warning)
                .collect(),
            Err(fault) => vec![format!("{fault:#}")],
        }
    }

    /// Reloads changed files, ends expired invitations, and writes the sightings.
    ///
    /// Returns whether [`Clients::warnings`] may have changed.
    pub fn look(&self) -> bool {
        // The reload cannot fail: a fault is the value.
        let changed = self.0.register.refresh().unwrap_or(false);
        if changed {
            self.with_register(|register| {
                let is_known = |serial: &str| register.find_serial(serial).is_some();
                lock(&self.0.last_seen).retain(is_known);
            });
        }
        let expired = lock(&self.0.invitations).take_expired(Instant::now());
        expired.iter().for_each(Invitation::end);
        self.revoke_replaced();
        self.keep(SAVE_INTERVAL);
        changed
    }

    /// Writes new sightings, if the last write is `interval` ago.
    pub fn keep(&self, interval: Duration) {
        let due = lock(&self.0.last_seen).take_due(interval);
        // A failed write is repeated and not logged, as no decision depends on it.
        if due.is_some_and(|sightings| self.0.folder.keep(&sightings).is_err()) {
            lock(&self.0.last_seen).write_failed();
        }
    }

    /// Applies a function to the register, unless it cannot be read.
    fn with_register<T>(&self, find: impl FnOnce(&Register) -> T) -> Option<T> {
        self.0.register.current().as_ref().as_ref().ok().map(find)
    }
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).context("the system provides no random numbers")?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The house's own devices: their CA, their certificates, and how they come by them.
//!
//! [`Clients`] invites a device with a link and a code, hands it its certificate, and knows when
//! it was seen. `folder` is what is kept on disk, `tls` judges devices by it. No HTTP in here;
//! `page` only writes what a device reads.

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
    invitation::{Invitation, Invitations, Tried},
    register::Register,
    sightings::{Sighting, Watch},
    state::State,
    ticket::Ticket,
    trials::Trials,
};
use crate::{
    config::model::Config,
    file_access::FileAccess,
    telemetry::progress::{self, Steps},
    watched::Watched,
};

/// The house's own devices.
#[derive(Clone)]
pub struct Clients(Arc<Shared>);

struct Shared {
    files: FileAccess,
    folder: Folder,
    register: Watched<anyhow::Result<Register>>,
    invitations: Mutex<Invitations>,
    watch: Mutex<Watch>,
    /// Whether it was told that a renewed certificate could not be ended.
    told: Mutex<bool>,
    trials: Mutex<Trials>,
}

/// What came of a code.
#[derive(Debug)]
pub enum Entered {
    /// It is right; this is the secret of the page with the files.
    Right(String),
    /// It is wrong, and so many more may be tried.
    Wrong(u8),
    /// It was wrong for the last time.
    Last,
    /// The link is unknown, used or over.
    Unknown,
    /// It is right, but no certificate could be made; the link stays good.
    Failed(String),
}

/// What a page with the files tells.
#[derive(Debug)]
pub struct Fetching {
    /// The device.
    pub name: name::Name,
    /// The files.
    pub credential: Credential,
    /// Whether its certificate was shown since.
    pub seen: bool,
}

/// Between two writes of where devices were seen: memory cards wear.
const KEEP: Duration = Duration::from_secs(60);

impl Clients {
    /// The devices whose CA is kept in `state`, as [`Clients::prepare`] finds it.
    ///
    /// # Errors
    /// As [`Clients::prepare`].
    pub fn load(config: &Config, files: FileAccess) -> anyhow::Result<Self> {
        let folder = Folder::of(&config.state);
        let reading = folder.clone();
        let register = Watched::load(vec![folder.register_file()], move || Ok(reading.register()))?;
        let clients = Self(Arc::new(Shared {
            watch: Mutex::new(Watch::begin(folder.sightings())),
            files,
            folder,
            register,
            invitations: Mutex::default(),
            told: Mutex::default(),
            trials: Mutex::default(),
        }));
        clients.prepare(config)?;
        Ok(clients)
    }

    /// Makes the CA when a site uses it for the first time, and says what is wrong with what there
    /// is.
    ///
    /// # Errors
    /// As [`Folder::prepare`].
    pub fn prepare(&self, config: &Config) -> anyhow::Result<()> {
        if !config.has_own_clients() {
            return Ok(());
        }
        for fault in self.0.folder.prepare().context("client_certificate: own")? {
            warn!("{fault}");
        }
        Ok(())
    }

    /// Invites a device: the secret of its link, its code, and the steps until it is in.
    ///
    /// # Errors
    /// When the name is taken or invited already, or no key can be made.
    pub fn invite(&self, wish: Wish, making: Making) -> anyhow::Result<(String, String, Steps)> {
        let register = self.0.folder.register()?;
        wish.check(&register, OffsetDateTime::now_utc())?;
        let (teller, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.open(wish, making, teller, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Shows an open invitation again: the secret of its link, its code, and the steps from now on.
    ///
    /// # Errors
    /// When no invitation of that name is open.
    pub fn invitation(&self, name: &name::Name) -> anyhow::Result<(String, String, Steps)> {
        let (teller, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.show(name, teller, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Ends an open invitation.
    ///
    /// # Errors
    /// When no invitation of that name is open.
    pub fn withdraw(&self, name: &name::Name) -> anyhow::Result<()> {
        lock(&self.0.invitations).withdraw(name, Instant::now())
    }

    /// The name of the device that a link invites, and how many codes may be tried.
    #[must_use]
    pub fn invited(&self, link: &str, from: IpAddr) -> Option<(name::Name, u8)> {
        let mut invitations = lock(&self.0.invitations);
        let invitation = invitations.of_connection(link, Instant::now())?;
        invitation.opened(from);
        Some((invitation.wish.name.clone(), invitation.tries_left()))
    }

    /// Tries a code on a link; makes the certificate when it is right.
    pub async fn enter(&self, link: String, code: String, from: IpAddr) -> Entered {
        let (clients, entered) = (self.clone(), link.clone());
        // Making a key takes a small machine seconds.
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
            Tried::Right(wish, making) => self.make(link, &wish, making),
            Tried::Wrong(left) => Entered::Wrong(left),
            Tried::Last => Entered::Last,
            Tried::Unknown => Entered::Unknown,
        }
    }

    fn make(&self, link: &str, wish: &Wish, making: Making) -> Entered {
        let ticket = issue(&self.0.folder, wish, making)
            .and_then(|(client, credential)| Ticket::new(client, credential));
        let mut invitations = lock(&self.0.invitations);
        match ticket {
            Ok(ticket) => {
                let page = ticket.page.text().to_owned();
                invitations.ready(link, ticket, Instant::now());
                Entered::Right(page)
            }
            Err(fault) => {
                let fault = format!("{fault:#}");
                invitations.failed(link, &fault);
                Entered::Failed(fault)
            }
        }
    }

    /// What a page with the files tells; none when it is over.
    #[must_use]
    pub fn fetching(&self, page: &str) -> Option<Fetching> {
        let mut invitations = lock(&self.0.invitations);
        let (ticket, _) = invitations.of_page(page, Instant::now())?;
        Some(Fetching {
            name: ticket.client.name.clone(),
            credential: ticket.credential.clone(),
            seen: ticket.seen,
        })
    }

    /// Notes that a file of a page was fetched.
    pub fn fetched(&self, page: &str, file: &str) {
        let mut invitations = lock(&self.0.invitations);
        if let Some((ticket, teller)) = invitations.of_page(page, Instant::now()) {
            teller.tell(ticket.client.name.as_str(), &format!("fetched {file}"));
        }
    }

    /// Has a device asked for its certificate for a minute, where nobody is.
    pub fn let_try(&self, address: IpAddr) {
        lock(&self.0.trials).begin(address, Instant::now());
    }

    /// Whether a device at this address is to be asked, though nobody is.
    #[must_use]
    pub fn tries(&self, address: IpAddr) -> bool {
        lock(&self.0.trials).has(address, Instant::now())
    }

    /// Notes that a good certificate was shown.
    pub fn saw(&self, serial: &str, from: IpAddr) {
        let sighting = Sighting {
            at: OffsetDateTime::now_utc(),
            from,
        };
        lock(&self.0.watch).note(serial, sighting);
        if let Some((ticket, teller)) = lock(&self.0.invitations).of_serial(serial)
            && !ticket.seen
        {
            ticket.seen = true;
            teller.tell(ticket.client.name.as_str(), &format!("seen at {from}"));
            teller.done();
        }
    }

    /// Ends the certificates that a new one, seen since, takes the place of.
    fn end_replaced(&self) {
        let newer = self.registered(|register| {
            let watch = lock(&self.0.watch);
            let seen = register.replacing().map(|it| it.serial.clone());
            seen.filter(|it| watch.sightings().of(it).is_some())
                .collect::<Vec<_>>()
        });
        let mut replaced = newer.iter().flatten().map(|it| self.0.folder.replace(it));
        let failed = replaced.find_map(Result::err);
        let mut told = lock(&self.0.told);
        if let Some(fault) = failed.as_ref().filter(|_| !*told) {
            error!("a certificate that was renewed is still good: {fault:#}");
        }
        *told = failed.is_some();
    }

    /// The name of the device with a serial number, whatever became of its certificate.
    #[must_use]
    pub fn name_of(&self, serial: &str) -> Option<name::Name> {
        self.registered(|register| Some(register.of_serial(serial)?.name.clone()))?
    }

    /// All devices, as they stand.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn states(&self) -> anyhow::Result<Vec<State>> {
        let register = self.0.folder.register()?;
        let watch = lock(&self.0.watch);
        let now = OffsetDateTime::now_utc();
        Ok(state::of(&register, watch.sightings(), now))
    }

    /// What the operator should know: a damaged register, certificates that end soon.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match self.0.register.current().as_ref() {
            Ok(register) => register
                .ending(OffsetDateTime::now_utc())
                .map(notice)
                .collect(),
            Err(fault) => vec![format!("{fault:#}")],
        }
    }

    /// Looks after what passes with time: changed files, links that are over, sightings to keep.
    ///
    /// Says whether [`Clients::warnings`] may be others now.
    pub fn look(&self) -> bool {
        // Reading it again never fails; what is wrong with it is its value.
        let changed = self.0.register.refresh().unwrap_or(false);
        if changed {
            self.registered(|register| {
                let is_known = |serial: &str| register.of_serial(serial).is_some();
                lock(&self.0.watch).forget_unless(is_known);
            });
        }
        let over = lock(&self.0.invitations).over(Instant::now());
        over.iter().for_each(Invitation::end);
        self.end_replaced();
        self.keep(KEEP);
        changed
    }

    /// Writes where devices were seen, if that is not on disk for so long.
    pub fn keep(&self, after: Duration) {
        let due = lock(&self.0.watch).due(after);
        // What cannot be kept is tried again then, and not told: nothing depends on it.
        if due.is_some_and(|sightings| self.0.folder.keep(&sightings).is_err()) {
            lock(&self.0.watch).is_unkept();
        }
    }

    /// What is found in the register, unless it cannot be read.
    fn registered<T>(&self, find: impl FnOnce(&Register) -> T) -> Option<T> {
        self.0.register.current().as_ref().as_ref().ok().map(find)
    }
}

fn notice(client: &register::Client) -> String {
    let (name, day) = (client.name.as_str(), crate::tls::day(client.expires));
    format!(
        "the certificate of {name:?} ends on {day}: renew it with `hubgate client renew {name:?}`"
    )
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

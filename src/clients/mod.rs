//! The house's own devices: their CA, their certificates, and how they come by them.
//!
//! [`Clients`] invites a device with a link and a code, hands it its certificate, and knows when
//! it was seen. `folder` is what is kept on disk, `tls` judges devices by it. No HTTP in here;
//! `page` only writes what a device reads.

mod backup;
mod ca;
pub mod folder;
mod invitation;
pub mod name;
pub mod page;
pub mod pkcs12;
pub mod profile;
pub mod register;
pub mod sightings;
pub mod state;
mod ticket;

use std::{
    collections::HashMap,
    net::IpAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::{error, warn};

pub use self::{
    folder::{Folder, Issued, Wish},
    invitation::LIFE,
    pkcs12::Encryption,
    ticket::Credential,
};
use self::{
    invitation::{Invitation, Invitations, Tried},
    register::Register,
    sightings::{Sighting, Sightings},
    state::State,
    ticket::Ticket,
};
use crate::{
    telemetry::progress::{self, Steps},
    watched::Watched,
};

/// The house's own devices.
#[derive(Clone)]
pub struct Clients(Arc<Shared>);

struct Shared {
    folder: Folder,
    register: Watched<anyhow::Result<Register>>,
    invitations: Mutex<Invitations>,
    sightings: Mutex<Seen>,
    /// Whether it was told that a renewed certificate could not be ended.
    told: Mutex<bool>,
    /// Addresses whose device wants to show its certificate where nobody asks, and until when.
    trials: Mutex<HashMap<IpAddr, Instant>>,
}

/// Where devices were seen, and whether that is on disk.
#[derive(Default)]
struct Seen {
    sightings: Sightings,
    unkept: bool,
    kept: Option<Instant>,
}

/// What kind of key a device gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA with 2048 bits, which everything takes.
    #[default]
    Rsa,
    /// ECDSA on P-256.
    Ec,
}

/// How a device's files are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    /// The key.
    pub key: KeyKind,
    /// The encryption of the files.
    pub encryption: Encryption,
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

/// How long a device is asked for its certificate where nobody else is.
const TRIAL: Duration = Duration::from_secs(60);
/// Addresses with such a trial at a time.
const TRIALS: usize = 64;
/// Between two writes of where devices were seen: memory cards wear.
const KEEP: Duration = Duration::from_secs(60);

impl Clients {
    /// The devices whose CA is kept in `state`; nothing is made yet.
    ///
    /// # Errors
    /// Never for what is on disk; what is wrong there is told by [`Clients::warnings`].
    pub fn load(state: &Path) -> anyhow::Result<Self> {
        let folder = Folder::of(state);
        let reading = folder.clone();
        let register = Watched::load(vec![folder.register_file()], move || Ok(reading.register()))?;
        let sightings = Seen {
            sightings: folder.sightings(),
            ..Seen::default()
        };
        Ok(Self(Arc::new(Shared {
            folder,
            register,
            invitations: Mutex::default(),
            sightings: Mutex::new(sightings),
            told: Mutex::default(),
            trials: Mutex::default(),
        })))
    }

    /// Makes the CA on first use, and says what is wrong with what there is.
    ///
    /// # Errors
    /// As [`Folder::prepare`].
    pub fn prepare(&self) -> anyhow::Result<()> {
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

    /// The name of the device that a link invites, and how many codes may be tried.
    #[must_use]
    pub fn invited(&self, link: &str, from: IpAddr) -> Option<(name::Name, u8)> {
        let mut invitations = lock(&self.0.invitations);
        let invitation = invitations.of_link(link, Instant::now())?;
        invitation.opened(from);
        Some((invitation.wish.name.clone(), invitation.tries_left()))
    }

    /// Tries a code on a link; makes the certificate when it is right. Takes up to seconds.
    #[must_use]
    pub fn enter(&self, link: &str, code: &str, from: IpAddr) -> Entered {
        let tried = lock(&self.0.invitations).try_code(link, code, from, Instant::now());
        match tried {
            Tried::Right(wish, making) => self.make(link, &wish, making),
            Tried::Wrong(left) => Entered::Wrong(left),
            Tried::Last => Entered::Last,
            Tried::Unknown => Entered::Unknown,
        }
    }

    fn make(&self, link: &str, wish: &Wish, making: Making) -> Entered {
        let ticket = new_credential(&self.0.folder, wish, making)
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
        let now = Instant::now();
        let mut trials = lock(&self.0.trials);
        trials.retain(|_, until| *until > now);
        if trials.len() < TRIALS {
            trials.insert(address, now + TRIAL);
        }
    }

    /// Whether a device at this address is to be asked, though nobody is.
    #[must_use]
    pub fn tries(&self, address: IpAddr) -> bool {
        let trials = lock(&self.0.trials);
        trials
            .get(&address)
            .is_some_and(|until| *until > Instant::now())
    }

    /// Notes that a good certificate was shown.
    pub fn saw(&self, serial: &str, from: IpAddr) {
        let sighting = Sighting {
            at: OffsetDateTime::now_utc(),
            from,
        };
        let mut seen = lock(&self.0.sightings);
        seen.sightings.note(serial, sighting);
        seen.unkept = true;
        drop(seen);
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
        let seen = lock(&self.0.sightings).sightings.clone();
        let register = self.register();
        let newer = register
            .replacing()
            .filter(|it| seen.of(&it.serial).is_some());
        let mut replaced = newer.map(|it| self.0.folder.replace(&it.serial));
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
        let register = self.register();
        register.of_serial(serial).map(|client| client.name.clone())
    }

    /// All devices, as they stand.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn states(&self) -> anyhow::Result<Vec<State>> {
        let register = self.0.folder.register()?;
        let seen = lock(&self.0.sightings);
        Ok(state::of(
            &register,
            &seen.sightings,
            OffsetDateTime::now_utc(),
        ))
    }

    /// What the operator should know: a damaged register, certificates that end soon.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        match self.0.register.current().as_ref() {
            Ok(register) => ending(register, OffsetDateTime::now_utc()),
            Err(fault) => vec![format!("{fault:#}")],
        }
    }

    /// Looks after what passes with time: changed files, links that are over, sightings to keep.
    pub fn look(&self) {
        // Reading it again never fails; what is wrong with it is its value.
        let changed = self.0.register.refresh().unwrap_or(false);
        if changed {
            let register = self.register();
            let is_known = |serial: &str| register.of_serial(serial).is_some();
            lock(&self.0.sightings).sightings.forget_unless(is_known);
        }
        let over = lock(&self.0.invitations).over(Instant::now());
        over.iter().for_each(Invitation::end);
        self.end_replaced();
        self.keep(KEEP);
    }

    /// Writes where devices were seen, if that is not on disk for so long.
    pub fn keep(&self, after: Duration) {
        let mut seen = lock(&self.0.sightings);
        let is_due = seen.kept.is_none_or(|kept| kept.elapsed() >= after);
        if !seen.unkept || !is_due {
            return;
        }
        // What cannot be kept is tried again a while later, and told by the next start alone.
        seen.kept = Some(Instant::now());
        seen.unkept = self.0.folder.keep(&seen.sightings).is_err();
    }

    fn register(&self) -> Register {
        match self.0.register.current().as_ref() {
            Ok(register) => register.clone(),
            Err(_) => Register::default(),
        }
    }
}

/// Certifies a new key of a device, for files.
///
/// # Errors
/// As [`Folder::issue`], and when no key can be made.
pub fn new_credential(
    folder: &Folder,
    wish: &Wish,
    making: Making,
) -> anyhow::Result<(register::Client, Credential)> {
    let key = making.key.generate()?;
    let issued = folder.issue(wish, &key)?;
    let credential = Credential::new(&issued, &key, making.encryption)?;
    Ok((issued.client, credential))
}

impl KeyKind {
    fn generate(self) -> anyhow::Result<KeyPair> {
        let key = match self {
            Self::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            Self::Ec => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        };
        key.context("cannot make a key")
    }
}

fn ending(register: &Register, now: OffsetDateTime) -> Vec<String> {
    let clients = register.clients().iter();
    let soon = clients.filter(|client| client.ends_soon(now) && is_newest(register, client, now));
    soon.map(|client| {
        format!(
            "the certificate of {:?} ends on {}: renew it with `hubgate client renew {0:?}`",
            client.name.as_str(),
            crate::tls::day(client.expires)
        )
    })
    .collect()
}

fn is_newest(register: &Register, client: &register::Client, now: OffsetDateTime) -> bool {
    let newest = register.of_name(&client.name, now);
    newest.is_some_and(|newest| newest.serial == client.serial)
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

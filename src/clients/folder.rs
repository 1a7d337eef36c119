//! The folder of the client CA: what is kept, and how it is changed.
//!
//! `hubgate client` and the running process work on the same files, each change alone under a
//! lock and written whole. The running process sees a change by looking at the files.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{
    ca::{self, Ca},
    name::Name,
    register::{Client, Register},
    serial::{Revoked, serial_bytes},
    sightings::Sightings,
    wish::Wish,
};
use crate::{clock, file_access, secret_file};

/// How often the folder may be replaced while one waits for it.
const MOST_REPLACED: u32 = 100;

/// The folder of the client CA, in `state`.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A certificate that was entered in the register.
#[derive(Debug)]
pub struct Issued {
    /// Whose it is, and how long.
    pub client: Client,
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// That of the CA.
    pub ca: CertificateDer<'static>,
}

impl Folder {
    /// The folder in `state`; it need not be there yet.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self(state.join("clients"))
    }

    /// The files by which devices are judged: the CA, and what it revoked.
    #[must_use]
    pub fn trust(&self) -> (PathBuf, Option<PathBuf>) {
        (self.ca(), Some(self.list()))
    }

    /// Makes the CA on first use, and sees to it that all is there that judging devices takes.
    ///
    /// Returns what is wrong, though devices are judged.
    ///
    /// # Errors
    /// When the CA was lost, or nothing can be written: nobody would be let in, or too many.
    pub fn prepare(&self) -> anyhow::Result<Vec<String>> {
        let now = OffsetDateTime::now_utc();
        let _alone = self.lock()?;
        if !self.ca().exists() {
            self.must_be_new()?;
            write(&self.ca(), Ca::make(now)?.as_bytes())?;
        }
        secret_file::close(&self.ca()).with_context(|| self.ca().display().to_string())?;
        let (ca, register) = (self.load(), self.register());
        let listed = match (&ca, &register) {
            (Ok(ca), Ok(register)) => self.list_revoked(ca, register, now),
            _ => Ok(()),
        };
        let faults = [ca.err(), listed.err(), register.err()];
        let told = faults
            .into_iter()
            .flatten()
            .map(|fault| format!("{fault:#}"));
        match self.list().exists() {
            true => Ok(told.collect()),
            false => bail!("{}", told.collect::<Vec<_>>().join("; ")),
        }
    }

    /// Lays what judging devices takes out in another folder, as [`Folder::prepare`] would here.
    ///
    /// # Errors
    /// As [`Folder::prepare`].
    pub fn rehearse(&self, elsewhere: &Self) -> anyhow::Result<()> {
        if !self.ca().exists() {
            self.must_be_new()?;
            return elsewhere.prepare().map(drop);
        }
        let ca = read(&self.ca())?.unwrap_or_default();
        let certificate = ca.find("-----BEGIN CERTIFICATE").unwrap_or(0);
        write(&elsewhere.ca(), &ca.as_bytes()[certificate..])?;
        let list = match read(&self.list())? {
            Some(list) => list,
            None => self.load()?.list(&[], OffsetDateTime::now_utc())?,
        };
        write(&elsewhere.list(), list.as_bytes())
    }

    /// The register as it is now, heeding the list; empty before the first device.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn register(&self) -> anyhow::Result<Register> {
        let file = self.register_file();
        match read(&file)? {
            None => Ok(Register::default()),
            Some(text) => {
                let register: Register = serde_json::from_str(&text).map_err(|fault| {
                    anyhow!(
                        "{}: damaged ({fault}); devices are judged all the same, but none can be \
                         listed or added: restore the file, or all by `hubgate client import FILE`",
                        file.display()
                    )
                })?;
                Ok(register.heeding(&self.revoked()?))
            }
        }
    }

    /// What the list revokes.
    pub(super) fn revoked(&self) -> anyhow::Result<Vec<Revoked>> {
        let text = read(&self.list())?;
        Ok(text.as_deref().map(ca::revoked_in).unwrap_or_default())
    }

    /// Where devices were last seen; empty when that is not known.
    #[must_use]
    pub fn sightings(&self) -> Sightings {
        let text = read(&self.seen()).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps where devices were last seen.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, sightings: &Sightings) -> anyhow::Result<()> {
        write(&self.seen(), &serde_json::to_vec(sightings)?)
    }

    /// Certifies a device's key and enters it in the register.
    ///
    /// # Errors
    /// When the name is taken or, for a renewal, unknown; when the clock is wrong; when nothing
    /// can be written. Nothing is issued then.
    pub fn issue(&self, wish: &Wish, key: &KeyPair) -> anyhow::Result<Issued> {
        let now = OffsetDateTime::now_utc();
        clock_must_be_right(now)?;
        self.change(|ca, register| {
            let replaces = wish.check(register, now)?;
            let signed = ca.sign(&wish.name, key, wish.days, now)?;
            let client = Client {
                name: wish.name.clone(),
                serial: signed.serial,
                issued: now,
                expires: signed.expires,
                replaces,
                revoked: None,
            };
            register.enter(client.clone());
            Ok(Issued {
                client,
                certificate: signed.certificate,
                ca: ca.certificate.clone(),
            })
        })
    }

    /// Revokes all certificates of these devices; of none when one is unknown.
    ///
    /// # Errors
    /// When a name is unknown or nothing can be written.
    pub fn revoke(&self, names: &[Name]) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, register| register.revoke(names, now).map_err(|fault| anyhow!(fault)))
    }

    /// Revokes the certificate that this one takes the place of, if it takes one's.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn replace(&self, serial: &str) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, register| {
            register.replace(serial, now);
            Ok(())
        })
    }

    /// Changes the list of revoked certificates, then the register: whoever is killed between them
    /// has locked out whom they meant to.
    fn change<T>(
        &self,
        change: impl FnOnce(&Ca, &mut Register) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let _alone = self.lock()?;
        let (ca, mut register) = (self.load()?, self.register()?);
        let before = register.clone();
        let changed = change(&ca, &mut register)?;
        self.list_revoked(&ca, &register, OffsetDateTime::now_utc())?;
        if register != before {
            let text = serde_json::to_vec_pretty(&register)?;
            write(&self.register_file(), &text)?;
        }
        Ok(changed)
    }

    /// Brings the list in line with the register. What it revoked once stays revoked, whatever
    /// became of the register.
    fn list_revoked(
        &self,
        ca: &Ca,
        register: &Register,
        now: OffsetDateTime,
    ) -> anyhow::Result<()> {
        let listed = self.revoked()?;
        let known = listed.len();
        let revoked = joined(listed, entries(register));
        let is_whole = read(&self.list())?.is_some_and(|text| text.contains("BEGIN X509 CRL"));
        if is_whole && revoked.len() == known {
            return Ok(());
        }
        let list = ca.list(&revoked, now)?;
        write(&self.list(), list.as_bytes())
    }

    /// The CA with its key.
    pub(super) fn load(&self) -> anyhow::Result<Ca> {
        let file = self.ca();
        let text = read(&file)?.with_context(|| format!("{}: not there", file.display()));
        Ca::parse(&text.context(NO_CA)?).with_context(|| file.display().to_string())
    }

    /// A new CA would lock out every device that has a certificate of the old one.
    fn must_be_new(&self) -> anyhow::Result<()> {
        let traces = [self.list(), self.register_file()];
        match traces.iter().find(|file| file.exists()) {
            None => Ok(()),
            Some(trace) => bail!(
                "{}: the client CA is gone, though {} tells of it: restore it with `hubgate client \
                 import FILE`, or remove {} to begin anew with devices to be enrolled again",
                self.ca().display(),
                trace.display(),
                self.0.display()
            ),
        }
    }

    /// Waits until no other process changes anything.
    pub(super) fn lock(&self) -> anyhow::Result<File> {
        let file = self.0.join("lock");
        lock(&file).with_context(|| format!("{}: cannot be locked", file.display()))
    }

    /// The folder that a CA goes to when another takes its place.
    pub(super) fn replaced(&self) -> Self {
        Self(self.0.with_extension("replaced"))
    }

    /// Removes all of it.
    pub(super) fn clear(&self) -> io::Result<()> {
        secret_file::remove_folder(&self.0)
    }

    /// Changes places with another folder, at once.
    pub(super) fn exchange(&self, other: &Self) -> io::Result<()> {
        secret_file::exchange(&self.0, &other.0)
    }

    /// Where the register is.
    pub(super) fn register_file(&self) -> PathBuf {
        self.0.join("register.json")
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub(super) fn list(&self) -> PathBuf {
        self.0.join("ca.crl")
    }

    fn seen(&self) -> PathBuf {
        self.0.join("seen.json")
    }
}

/// Locks a file. Another CA may have taken its folder's place meanwhile, with a lock of its own.
fn lock(file: &Path) -> io::Result<File> {
    let _access = file_access::begin(file)?;
    for _ in 0..MOST_REPLACED {
        let lock = secret_file::open_lock(file)?;
        lock.lock()?;
        let (held, there) = (lock.metadata()?, fs::metadata(file)?);
        if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
            return Ok(lock);
        }
    }
    Err(io::Error::other("its folder is replaced again and again"))
}

/// A certificate made at a wrong time would be over at the right one, or not yet begun.
fn clock_must_be_right(now: OffsetDateTime) -> anyhow::Result<()> {
    if !clock::is_before_all(now) {
        return Ok(());
    }
    let day = now.date();
    bail!("the clock is wrong, it says {day}: set it (`timedatectl`), then try again")
}

fn entries(register: &Register) -> impl Iterator<Item = Revoked> {
    let clients = register.clients().iter();
    clients.filter_map(|client| Some((serial_bytes(&client.serial)?, client.revoked?)))
}

/// All of both, each serial number once.
pub(super) fn joined(
    mut revoked: Vec<Revoked>,
    more: impl IntoIterator<Item = Revoked>,
) -> Vec<Revoked> {
    for (serial, since) in more {
        if revoked.iter().all(|(it, _)| *it != serial) {
            revoked.push((serial, since));
        }
    }
    revoked
}

pub(super) fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let read = secret_file::read(file);
    let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    match text {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault).with_context(|| file.display().to_string()),
    }
}

pub(super) fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let written = secret_file::write(file, content);
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

const NO_CA: &str =
    "there is no client CA yet: write `client_certificate: own` in proxy.yaml and start hubgate";

#[cfg(test)]
mod tests;

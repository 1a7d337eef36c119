//! The folder of the client CA: its files, and every change of them.
//!
//! `hubgate client` and the running process use the same files. A change holds a lock and writes
//! files whole; the running process polls the files for changes.

mod files;

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

pub(super) use self::files::{read, write};
use super::{
    ca::Ca,
    name::Name,
    register::{Client, Register},
    serial::RevocationList,
    sightings::LastSeen,
    wish::Wish,
};
use crate::{clock, secret_file};

/// The folder of the client CA, `clients` in the state folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A certificate that was issued and added to the register.
#[derive(Debug)]
pub struct Issued {
    /// Entry in the register.
    pub client: Client,
    /// Certificate of the device.
    pub certificate: CertificateDer<'static>,
    /// Certificate of the CA.
    pub ca: CertificateDer<'static>,
}

impl Folder {
    /// Returns the folder in a state folder; it need not exist.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self(state.join("clients"))
    }

    /// Returns the files by which devices are judged: the CA and its CRL.
    #[must_use]
    pub fn trust(&self) -> (PathBuf, Option<PathBuf>) {
        (self.ca(), Some(self.crl()))
    }

    /// Generates the CA on first use, and updates the CRL.
    ///
    /// Returns the faults despite which devices can be judged.
    ///
    /// # Errors
    /// The CA is missing although others of its files exist, or a file cannot be written: devices
    /// could not be judged.
    pub fn prepare(&self) -> anyhow::Result<Vec<String>> {
        let now = OffsetDateTime::now_utc();
        let _lock = self.lock()?;
        if !self.ca().exists() {
            self.check_unused()?;
            write(&self.ca(), Ca::make(now)?.as_bytes())?;
        }
        secret_file::close(&self.ca()).with_context(|| self.ca().display().to_string())?;
        let (ca, register) = (self.load(), self.register());
        let updated = match (&ca, &register) {
            (Ok(ca), Ok(register)) => self.update_crl(ca, register, now),
            _ => Ok(()),
        };
        let faults = [ca.err(), updated.err(), register.err()];
        let faults = faults.into_iter().flatten();
        let faults: Vec<_> = faults.map(|fault| format!("{fault:#}")).collect();
        match self.crl().exists() {
            true => Ok(faults),
            false => bail!("{}", faults.join("; ")),
        }
    }

    /// Does in another folder what [`Folder::prepare`] would do here.
    ///
    /// # Errors
    /// As [`Folder::prepare`].
    pub fn rehearse(&self, elsewhere: &Self) -> anyhow::Result<()> {
        if !self.ca().exists() {
            self.check_unused()?;
            return elsewhere.prepare().map(drop);
        }
        let ca = read(&self.ca())?.unwrap_or_default();
        let certificate = ca.find("-----BEGIN CERTIFICATE").unwrap_or(0);
        write(&elsewhere.ca(), &ca.as_bytes()[certificate..])?;
        let crl = match read(&self.crl())? {
            Some(crl) => crl,
            None => self
                .load()?
                .sign_crl(&RevocationList::default(), OffsetDateTime::now_utc())?,
        };
        write(&elsewhere.crl(), crl.as_bytes())
    }

    /// Reads the register, with the revocations of the CRL; empty before the first device.
    ///
    /// # Errors
    /// The register or the CRL cannot be read.
    pub fn register(&self) -> anyhow::Result<Register> {
        let file = self.register_file();
        match read(&file)? {
            None => Ok(Register::default()),
            Some(text) => {
                let register: Register = serde_json::from_str(&text).map_err(|fault| {
                    anyhow!(
                        "{}: damaged ({fault}); devices are still judged, but none can be listed or \
                         added: restore the file, or all files with `hubgate client import FILE`",
                        file.display()
                    )
                })?;
                Ok(register.with_revoked(&self.revoked()?))
            }
        }
    }

    /// Reads the certificates that the CRL revokes.
    pub(super) fn revoked(&self) -> anyhow::Result<RevocationList> {
        let text = read(&self.crl())?;
        Ok(text
            .as_deref()
            .map(RevocationList::parse)
            .unwrap_or_default())
    }

    /// Reads the last sighting of each device; empty if the file is missing or damaged.
    #[must_use]
    pub fn sightings(&self) -> LastSeen {
        let text = read(&self.seen()).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes the last sighting of each device.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, sightings: &LastSeen) -> anyhow::Result<()> {
        write(&self.seen(), &serde_json::to_vec(sightings)?)
    }

    /// Issues a certificate for a device's key and adds it to the register.
    ///
    /// # Errors
    /// The name is taken or, for a renewal, unknown; the clock is wrong; or a file cannot be
    /// written. No certificate is issued then.
    pub fn issue(&self, wish: &Wish, key: &KeyPair) -> anyhow::Result<Issued> {
        let now = OffsetDateTime::now_utc();
        check_clock(now)?;
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
            register.add(client.clone());
            Ok(Issued {
                client,
                certificate: signed.certificate,
                ca: ca.certificate.clone(),
            })
        })
    }

    /// Revokes all certificates of these devices, or none if a name is unknown.
    ///
    /// # Errors
    /// A name is unknown, or a file cannot be written.
    pub fn revoke(&self, names: &[Name]) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, register| register.revoke(names, now).map_err(|fault| anyhow!(fault)))
    }

    /// Revokes the certificate that the one with this serial number replaces, if there is one.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn replace(&self, serial: &str) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, register| {
            register.replace(serial, now);
            Ok(())
        })
    }

    /// Changes the CRL first and then the register: a revocation is effective even if the process
    /// is killed between the two writes.
    fn change<T>(
        &self,
        change: impl FnOnce(&Ca, &mut Register) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let _lock = self.lock()?;
        let (ca, mut register) = (self.load()?, self.register()?);
        let before = register.clone();
        let changed = change(&ca, &mut register)?;
        self.update_crl(&ca, &register, OffsetDateTime::now_utc())?;
        if register != before {
            let text = serde_json::to_vec_pretty(&register)?;
            write(&self.register_file(), &text)?;
        }
        Ok(changed)
    }

    /// Adds the revocations of the register to the CRL. A certificate on the CRL stays there, even
    /// if the register does not have it.
    fn update_crl(&self, ca: &Ca, register: &Register, now: OffsetDateTime) -> anyhow::Result<()> {
        let listed = self.revoked()?;
        let known = listed.len();
        let revoked = listed.merge(register.revoked());
        let exists = read(&self.crl())?.is_some_and(|text| text.contains("BEGIN X509 CRL"));
        if exists && revoked.len() == known {
            return Ok(());
        }
        let crl = ca.sign_crl(&revoked, now)?;
        write(&self.crl(), crl.as_bytes())
    }

    /// Loads the CA with its key.
    pub(super) fn load(&self) -> anyhow::Result<Ca> {
        let file = self.ca();
        let text = read(&file)?.with_context(|| format!("{}: no such file", file.display()));
        Ca::parse(&text.context(NO_CA)?).with_context(|| file.display().to_string())
    }

    /// Fails if files of an earlier CA exist: a new CA would lock out every device of the earlier
    /// one.
    fn check_unused(&self) -> anyhow::Result<()> {
        let traces = [self.crl(), self.register_file()];
        match traces.iter().find(|file| file.exists()) {
            None => Ok(()),
            Some(trace) => bail!(
                "{}: the client CA is gone, although {} exists: restore it with `hubgate client \
                 import FILE`, or remove {} and enrol every device again",
                self.ca().display(),
                trace.display(),
                self.0.display()
            ),
        }
    }

    /// Returns the folder for a CA that is replaced by an import.
    pub(super) fn replaced(&self) -> Self {
        Self(self.0.with_extension("replaced"))
    }

    /// Removes the folder.
    pub(super) fn clear(&self) -> io::Result<()> {
        secret_file::remove_folder(&self.0)
    }

    /// Exchanges the folder with another one atomically.
    pub(super) fn exchange(&self, other: &Self) -> io::Result<()> {
        secret_file::exchange(&self.0, &other.0)
    }
}

/// Fails if the clock is wrong: the certificate would be expired or not yet valid.
fn check_clock(now: OffsetDateTime) -> anyhow::Result<()> {
    if !clock::is_before_all(now) {
        return Ok(());
    }
    let day = now.date();
    bail!("the clock is wrong, it says {day}: set it (`timedatectl`), then try again")
}

const NO_CA: &str =
    "there is no client CA yet: write `client_certificate: own` in proxy.yaml and start hubgate";

#[cfg(test)]
mod tests;

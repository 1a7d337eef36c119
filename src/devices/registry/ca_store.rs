//! The folder of the client CA: its key, revocation list, device registry and last-seen times.
//!
//! `hubgate client` and the running process change the same files, each change under a lock and
//! with atomic writes. The running process polls the files for changes.

mod files;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{
    DeviceCertificate, Registry,
    ca::Ca,
    last_seen::Sightings,
    name::Name,
    serial::Revocations,
    status::{self, DeviceReport},
};
use crate::{
    clock, config::model::Config, devices::invitation::certificate_request::CertificateRequest,
    file_access, private_file::PrivateFile,
};

pub(crate) use self::files::{read, write};

/// The folder `clients` in the state folder.
#[derive(Clone, Debug)]
pub struct ClientCaStore(PathBuf);

/// A certificate that was added to the registry.
#[derive(Debug)]
pub struct Issued {
    /// Entry in the registry.
    pub client: DeviceCertificate,
    /// Certificate of the device.
    pub certificate: CertificateDer<'static>,
    /// Certificate of the CA.
    pub ca: CertificateDer<'static>,
}

impl ClientCaStore {
    /// Returns the folder in `state`, which need not exist yet.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        Self(state.join("clients"))
    }

    /// Returns the files that verify client certificates: the CA and its revocation list.
    #[must_use]
    pub fn trust(&self) -> (PathBuf, Option<PathBuf>) {
        (self.ca(), Some(self.list()))
    }

    /// Generates the CA on first use and completes the files that verify client certificates.
    ///
    /// Returns the faults that leave verification possible.
    ///
    /// # Errors
    /// When the CA was lost or nothing can be written: devices could not be verified.
    pub fn prepare(&self) -> anyhow::Result<Vec<String>> {
        let now = OffsetDateTime::now_utc();
        let _lock = self.lock()?;
        if !self.ca().exists() {
            self.check_unused()?;
            write(&self.ca(), Ca::generate(now)?.as_bytes())?;
        }
        PrivateFile(&self.ca())
            .restrict()
            .with_context(|| self.ca().display().to_string())?;
        let (ca, registry) = (self.load(), self.register());
        let listed = match (&ca, &registry) {
            (Ok(ca), Ok(registry)) => self.update_list(ca, registry, now),
            _ => Ok(()),
        };
        let faults = [ca.err(), listed.err(), registry.err()];
        let faults = faults
            .into_iter()
            .flatten()
            .map(|fault| format!("{fault:#}"));
        match self.list().exists() {
            true => Ok(faults.collect()),
            false => bail!("{}", faults.collect::<Vec<_>>().join("; ")),
        }
    }

    /// Writes the files of [`Self::trust`] to another folder, as [`Self::prepare`] would here.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn dry_run(&self, elsewhere: &Self) -> anyhow::Result<()> {
        if !self.ca().exists() {
            self.check_unused()?;
            return elsewhere.prepare().map(drop);
        }
        let ca = read(&self.ca())?.unwrap_or_default();
        let certificate = ca.find("-----BEGIN CERTIFICATE").unwrap_or(0);
        write(&elsewhere.ca(), &ca.as_bytes()[certificate..])?;
        let list = match read(&self.list())? {
            Some(list) => list,
            None => {
                let now = OffsetDateTime::now_utc();
                self.load()?.sign_list(&Revocations::default(), now)?
            }
        };
        write(&elsewhere.list(), list.as_bytes())
    }

    /// Loads the registry with the revocations of the list; empty before the first device.
    ///
    /// # Errors
    /// When a file cannot be read or the registry is damaged.
    pub fn register(&self) -> anyhow::Result<Registry> {
        let file = self.register_file();
        match read(&file)? {
            None => Ok(Registry::default()),
            Some(text) => {
                let registry: Registry = serde_json::from_str(&text).map_err(|fault| {
                    anyhow!(
                        "{}: damaged ({fault}); certificates are still verified, but devices can \
                         be neither listed nor added: restore this file, or the whole folder with \
                         `hubgate client import FILE`",
                        file.display()
                    )
                })?;
                Ok(registry.with_revocations(&self.revocations()?))
            }
        }
    }

    /// Returns the states of all devices.
    ///
    /// # Errors
    /// When the registry cannot be read, or the CA of a site is missing: its devices are unknown
    /// then.
    pub fn states(
        &self,
        config: &Config,
        sightings: &Sightings,
    ) -> anyhow::Result<Vec<DeviceReport>> {
        if config.uses_own_ca() {
            self.must_have_ca()?;
        }
        let now = OffsetDateTime::now_utc();
        Ok(status::of(&self.register()?, sightings, now))
    }

    /// Fails if the CA does not exist.
    pub(crate) fn must_have_ca(&self) -> anyhow::Result<()> {
        let ca = self.ca();
        let _access = file_access::begin(&ca)?;
        match ca.try_exists().with_context(|| ca.display().to_string())? {
            true => Ok(()),
            false => bail!("{NO_CA}: {}: not there", ca.display()),
        }
    }

    /// Loads the revocations of the list; none if the list is missing or damaged.
    pub(crate) fn revocations(&self) -> anyhow::Result<Revocations> {
        let text = read(&self.list())?;
        Ok(text.as_deref().map(Revocations::parse).unwrap_or_default())
    }

    /// Loads the last-seen times; empty if the file is missing or damaged.
    #[must_use]
    pub fn last_seen(&self) -> Sightings {
        let text = read(&self.seen()).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Stores the last-seen times.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_last_seen(&self, sightings: &Sightings) -> anyhow::Result<()> {
        write(&self.seen(), &serde_json::to_vec(sightings)?)
    }

    /// Issues a certificate for a device key and adds it to the registry.
    ///
    /// # Errors
    /// When the name is taken or, for a renewal, unknown; when the clock is wrong; when nothing
    /// can be written. No certificate is issued then.
    pub fn issue(&self, request: &CertificateRequest, key: &KeyPair) -> anyhow::Result<Issued> {
        let now = OffsetDateTime::now_utc();
        check_clock(now)?;
        self.change(|ca, registry| {
            let replaces = request.check(registry, now)?;
            let signed = ca.sign(&request.name, key, request.days, now)?;
            let client = DeviceCertificate {
                name: request.name.clone(),
                serial: signed.serial,
                issued: now,
                expires: signed.expires,
                replaces,
                revoked: None,
            };
            registry.add(client.clone());
            Ok(Issued {
                client,
                certificate: signed.certificate,
                ca: ca.certificate.clone(),
            })
        })
    }

    /// Revokes all certificates of the named devices, or none if a name is unknown.
    ///
    /// # Errors
    /// When a name is unknown or nothing can be written.
    pub fn revoke(&self, names: &[Name]) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, registry| registry.revoke(names, now).map_err(|fault| anyhow!(fault)))
    }

    /// Revokes the certificate, if any, that the certificate with this serial number replaces.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn replace(&self, serial: &str) -> anyhow::Result<()> {
        let now = OffsetDateTime::now_utc();
        self.change(|_, registry| {
            registry.replace(serial, now);
            Ok(())
        })
    }

    /// Applies a change under the lock and writes the revocation list, then the registry.
    ///
    /// The list is first, so that a crash between the two writes leaves the device revoked.
    fn change<T>(
        &self,
        change: impl FnOnce(&Ca, &mut Registry) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let _lock = self.lock()?;
        let (ca, mut registry) = (self.load()?, self.register()?);
        let before = registry.clone();
        let changed = change(&ca, &mut registry)?;
        self.update_list(&ca, &registry, OffsetDateTime::now_utc())?;
        if registry != before {
            let text = serde_json::to_vec_pretty(&registry)?;
            write(&self.register_file(), &text)?;
        }
        Ok(changed)
    }

    /// Adds the registry's revocations to the list; an entry of the list is never removed.
    fn update_list(&self, ca: &Ca, registry: &Registry, now: OffsetDateTime) -> anyhow::Result<()> {
        let listed = self.revocations()?;
        let known = listed.len();
        let revocations = listed.join(registry.revocations());
        let is_list = read(&self.list())?.is_some_and(|text| text.contains("BEGIN X509 CRL"));
        if is_list && revocations.len() == known {
            return Ok(());
        }
        let list = ca.sign_list(&revocations, now)?;
        write(&self.list(), list.as_bytes())
    }

    /// Loads the CA with its key.
    pub(crate) fn load(&self) -> anyhow::Result<Ca> {
        let file = self.ca();
        let text = read(&file)?.with_context(|| format!("{}: not there", file.display()));
        Ca::parse(&text.context(NO_CA)?).with_context(|| file.display().to_string())
    }

    /// Refuses to replace a lost CA, since a new one would lock out every enrolled device.
    fn check_unused(&self) -> anyhow::Result<()> {
        let files = [self.list(), self.register_file()];
        match files.iter().find(|file| file.exists()) {
            None => Ok(()),
            Some(file) => bail!(
                "{}: the client CA is missing, but {} still exists: restore the CA with `hubgate \
                 client import FILE`, or remove {} to create a new one and enrol every device again",
                self.ca().display(),
                file.display(),
                self.0.display()
            ),
        }
    }
}

/// Refuses to issue at a wrong time: the certificate would be expired or not yet valid.
fn check_clock(now: OffsetDateTime) -> anyhow::Result<()> {
    if !clock::is_implausible(now) {
        return Ok(());
    }
    let day = now.date();
    bail!("the clock is wrong ({day}): set it with `timedatectl`, then try again")
}

const NO_CA: &str = "there is no client CA: write `client_certificate: own` in proxy.yaml and start hubgate, or \
     restore the folder if it was removed";

#[cfg(test)]
mod tests;

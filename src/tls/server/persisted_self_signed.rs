//! A site's self-signed certificate, stored in the state folder.
//!
//! The certificate is reused while it fits, because clients have accepted exactly this one. If the
//! disk cannot be written, the site is served and each start generates another certificate.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use time::{Duration, OffsetDateTime};

use super::self_signed::SelfSigned;
use crate::{
    config::model::Host,
    file_access,
    private_file::PrivateFile,
    tls::{Certified, SystemRoots, Warning},
};

/// Remaining validity below which a certificate is generated again.
const RENEW_BEFORE: Duration = Duration::days(30);

/// A site's self-signed certificate, stored in the state folder.
pub(crate) struct PersistedSelfSigned {
    file: CertificateFile,
    current: ArcSwap<Certified>,
}

/// The file of a self-signed certificate.
struct CertificateFile {
    path: PathBuf,
    hosts: Vec<Host>,
    roots: Arc<SystemRoots>,
}

impl PersistedSelfSigned {
    /// Loads the certificate on disk if it fits; otherwise generates one.
    pub(crate) fn load(
        state: &Path,
        hosts: &[Host],
        roots: Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let file = CertificateFile::new(state, hosts, roots);
        let now = OffsetDateTime::now_utc();
        let (stored, damage) = match file.read() {
            Ok(stored) => (stored, None),
            Err(fault) => (None, Some(file.set_aside(&fault))),
        };
        let mut certified = match stored.filter(|stored| file.fits(stored, now)) {
            Some(stored) => stored,
            None => file.generate(now)?,
        };
        certified.warnings.extend(damage);
        Ok(Self {
            file,
            current: ArcSwap::from_pointee(certified),
        })
    }

    /// Returns the certificate to serve.
    pub(crate) fn current(&self) -> Arc<Certified> {
        self.current.load_full()
    }

    /// Generates a new certificate 30 days before the current one expires; reports whether it did.
    pub(crate) fn refresh(&self, now: OffsetDateTime) -> anyhow::Result<bool> {
        if self.file.fits(&self.current.load(), now) {
            return Ok(false);
        }
        let certified = self.file.generate(now)?;
        self.current.store(Arc::new(certified));
        Ok(true)
    }
}

impl CertificateFile {
    /// Names the file after the first host, which belongs to one site only.
    fn new(state: &Path, hosts: &[Host], roots: Arc<SystemRoots>) -> Self {
        let host = hosts.first().map_or_else(String::new, ToString::to_string);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let name = host.replace(|c| !is_plain(c), "_") + ".pem";
        Self {
            path: state.join("self-signed").join(name),
            hosts: hosts.to_vec(),
            roots,
        }
    }

    fn read(&self) -> anyhow::Result<Option<Certified>> {
        let path = &self.path;
        let _access = file_access::begin(path)?;
        if !path.exists() {
            return Ok(None);
        }
        // If the mode cannot be changed, loading the certificate warns of it.
        let _ = PrivateFile(path).restrict();
        Certified::load(path, path, &self.hosts, &self.roots).map(Some)
    }

    /// Reports whether a certificate names all hosts and is valid for 30 more days.
    ///
    /// `notBefore` is not checked: until the clock of a small board is set, an accepted certificate
    /// must not be replaced.
    fn fits(&self, certified: &Certified, now: OffsetDateTime) -> bool {
        let names = &certified.names;
        let names_all = self.hosts.iter().all(|host| names.contains(host));
        let is_same = names.len() == self.hosts.len() && names_all;
        is_same && certified.not_after - now > RENEW_BEFORE
    }

    /// Renames a damaged file to `*.pem.damaged`.
    fn set_aside(&self, fault: &anyhow::Error) -> Warning {
        let aside = self.path.with_extension("pem.damaged");
        let done = match PrivateFile(&self.path).rename(&aside) {
            Ok(()) => format!("kept as {}", aside.display()),
            Err(fault) => format!("cannot be set aside: {fault}"),
        };
        Warning::new(format!("{fault:#}; {done}, and a new one is served"))
    }

    /// Generates a certificate and writes it; a failed write is a warning.
    fn generate(&self, now: OffsetDateTime) -> anyhow::Result<Certified> {
        let generated = SelfSigned::generate(&self.hosts, now)?;
        let pem = generated.pem.clone();
        let mut certified = Certified::from_self_signed(generated, &self.roots)?;
        if let Err(fault) = PrivateFile(&self.path).write(pem.as_bytes()) {
            certified.warnings.push(self.unwritten(&fault));
        }
        Ok(certified)
    }

    fn unwritten(&self, fault: &std::io::Error) -> Warning {
        Warning::new(format!(
            "{}: cannot be written ({fault}), so every start serves another certificate; \
             make room or correct the folder's owner",
            self.path.display()
        ))
    }
}

#[cfg(test)]
mod tests;

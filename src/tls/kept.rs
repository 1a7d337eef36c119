//! A site's self-signed certificate, kept in the state folder.
//!
//! Kept as long as it fits, because the devices of the house have accepted exactly this one. A
//! disk that cannot be written costs its permanence, never the site.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use arc_swap::ArcSwap;
use time::{Duration, OffsetDateTime};

use super::{Certified, SystemRoots, Warning, hosts, self_signed::SelfSigned};
use crate::{config::model::Host, file_access, secret_file};

/// With less life left than this, a certificate is made again.
const SPARE: Duration = Duration::days(30);

/// A site's self-signed certificate, kept in the state folder.
pub(super) struct Kept {
    file: PathBuf,
    hosts: Vec<Host>,
    roots: Arc<SystemRoots>,
    current: ArcSwap<Certified>,
}

impl Kept {
    /// Takes the certificate on disk if it fits, or makes one.
    pub(super) fn load(
        state: &Path,
        hosts: &[Host],
        roots: Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let file = state.join("self-signed").join(file_name(hosts));
        let now = OffsetDateTime::now_utc();
        let (old, damage) = match read(&file, hosts, &roots) {
            Ok(old) => (old, None),
            Err(fault) => (None, Some(set_aside(&file, &fault))),
        };
        let mut certified = match old.filter(|old| fits(old, hosts, now)) {
            Some(old) => old,
            None => make(&file, hosts, &roots, now)?,
        };
        certified.warnings.extend(damage);
        Ok(Self {
            file,
            hosts: hosts.to_vec(),
            roots,
            current: ArcSwap::from_pointee(certified),
        })
    }

    /// The certificate to serve.
    pub(super) fn current(&self) -> Arc<Certified> {
        self.current.load_full()
    }

    /// Makes the certificate again when its life runs out; says whether it did.
    pub(super) fn refresh(&self, now: OffsetDateTime) -> anyhow::Result<bool> {
        if fits(&self.current.load(), &self.hosts, now) {
            return Ok(false);
        }
        let certified = make(&self.file, &self.hosts, &self.roots, now)?;
        self.current.store(Arc::new(certified));
        Ok(true)
    }
}

/// Each host belongs to one site, so the first one tells the files apart.
fn file_name(hosts: &[Host]) -> String {
    let name = hosts.first().map_or_else(String::new, hosts::text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    name.replace(|c| !is_plain(c), "_") + ".pem"
}

fn read(file: &Path, hosts: &[Host], roots: &SystemRoots) -> anyhow::Result<Option<Certified>> {
    let _access = file_access::begin(file)?;
    if !file.exists() {
        return Ok(None);
    }
    // What cannot be changed is a warning of the certificate's then.
    let _ = secret_file::close(file);
    Certified::load(file, file, hosts, roots).map(Some)
}

/// Its begin is not asked: while the clock of a small board is not yet set, a certificate the
/// devices have accepted must not be thrown away.
fn fits(certified: &Certified, hosts: &[Host], now: OffsetDateTime) -> bool {
    let names = &certified.names;
    let same = names.len() == hosts.len() && hosts.iter().all(|host| names.contains(host));
    same && certified.not_after - now > SPARE
}

fn set_aside(file: &Path, fault: &anyhow::Error) -> Warning {
    let aside = file.with_extension("pem.damaged");
    let done = match secret_file::rename(file, &aside) {
        Ok(()) => format!("kept as {}", aside.display()),
        Err(fault) => format!("cannot be set aside: {fault}"),
    };
    Warning::new(format!("{fault:#}; {done}, and a new one is served"))
}

fn make(
    file: &Path,
    hosts: &[Host],
    roots: &SystemRoots,
    now: OffsetDateTime,
) -> anyhow::Result<Certified> {
    let made = SelfSigned::make(hosts, now)?;
    let mut certified = Certified::new(&[made.certificate], made.key, roots)?
        .context("the key does not fit the certificate just made of it; report this")?;
    if let Err(fault) = secret_file::write(file, made.pem.as_bytes()) {
        certified.warnings.push(unkept(file, &fault));
    }
    Ok(certified)
}

fn unkept(file: &Path, fault: &std::io::Error) -> Warning {
    Warning::new(format!(
        "{}: cannot be written ({fault}), so every start serves another certificate; \
         make room or correct the folder's owner",
        file.display()
    ))
}

#[cfg(test)]
mod tests;

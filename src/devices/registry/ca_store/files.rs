//! The files of the folder: paths, lock, replacement, reads and writes.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::ClientCaStore;
use crate::{
    file_access,
    private_file::{PrivateFile, PrivateFolder},
};

/// Attempts to lock a folder that is replaced meanwhile.
const LOCK_ATTEMPTS: u32 = 100;

impl ClientCaStore {
    /// Waits for the lock that every change of the folder takes.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let file = self.0.join("lock");
        let lock = self.wait_for_lock(&file);
        lock.with_context(|| format!("{}: cannot be locked", file.display()))
    }

    /// Locks the folder's file again if the folder was replaced while waiting.
    fn wait_for_lock(&self, file: &Path) -> io::Result<File> {
        let _access = file_access::begin(file)?;
        for _ in 0..LOCK_ATTEMPTS {
            let lock = PrivateFile(file).open_lock()?;
            lock.lock()?;
            let (held, current) = (lock.metadata()?, fs::metadata(file)?);
            if (held.dev(), held.ino()) == (current.dev(), current.ino()) {
                return Ok(lock);
            }
        }
        let folder = self.0.display();
        Err(io::Error::other(format!(
            "{folder} was replaced {LOCK_ATTEMPTS} times"
        )))
    }

    /// Returns the folder for a CA that an import replaces.
    pub(crate) fn replaced(&self) -> Self {
        Self(self.0.with_extension("replaced"))
    }

    /// Removes the folder with its files.
    pub(crate) fn clear(&self) -> io::Result<()> {
        PrivateFolder(&self.0).remove()
    }

    /// Exchanges the folder with another one, atomically.
    pub(crate) fn exchange(&self, other: &Self) -> io::Result<()> {
        PrivateFolder(&self.0).exchange(&other.0)
    }

    pub(crate) fn register_file(&self) -> PathBuf {
        self.0.join("register.json")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub(crate) fn list(&self) -> PathBuf {
        self.0.join("ca.crl")
    }

    pub(super) fn seen(&self) -> PathBuf {
        self.0.join("seen.json")
    }
}

/// Reads a private file; none if it does not exist.
pub(crate) fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let read = PrivateFile(file).read();
    let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    match text {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault).with_context(|| file.display().to_string()),
    }
}

pub(crate) fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let written = PrivateFile(file).write(content);
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

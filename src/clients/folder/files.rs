//! Paths of the folder's files, and how they are read, written and locked.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::Folder;
use crate::{file_access, secret_file};

/// Most replacements of the folder while a process waits for its lock.
const MAX_REPLACEMENTS: u32 = 100;

impl Folder {
    /// Returns the path of the register.
    pub(in crate::clients) fn register_file(&self) -> PathBuf {
        self.0.join("register.json")
    }

    pub(in crate::clients) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub(in crate::clients) fn crl(&self) -> PathBuf {
        self.0.join("ca.crl")
    }

    pub(super) fn seen(&self) -> PathBuf {
        self.0.join("seen.json")
    }

    /// Waits until no other process changes the folder.
    pub(in crate::clients) fn lock(&self) -> anyhow::Result<File> {
        let file = self.0.join("lock");
        Self::lock_file(&file).with_context(|| format!("{}: cannot be locked", file.display()))
    }

    /// Locks a file. If the folder is replaced meanwhile, the new one has a lock file of its own,
    /// which is locked instead.
    fn lock_file(file: &Path) -> io::Result<File> {
        let _access = file_access::begin(file)?;
        for _ in 0..MAX_REPLACEMENTS {
            let lock = secret_file::open_lock(file)?;
            lock.lock()?;
            let (held, current) = (lock.metadata()?, fs::metadata(file)?);
            if (held.dev(), held.ino()) == (current.dev(), current.ino()) {
                return Ok(lock);
            }
        }
        Err(io::Error::other("its folder is replaced too often"))
    }
}

/// Reads a file; `None` if it does not exist.
pub(in crate::clients) fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let read = secret_file::read(file);
    let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    match text {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault).with_context(|| file.display().to_string()),
    }
}

/// Writes a file whole.
pub(in crate::clients) fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let written = secret_file::write(file, content);
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

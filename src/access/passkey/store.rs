//! The store of the register: a file of `state`, or another implementation of [`PasskeyStore`].

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{refusal::CeremonyError, register::Register};
use crate::{file_access, private_file::PrivateFile};

/// A store of the register, shared by processes.
pub trait PasskeyStore: Send + Sync {
    /// Loads the register; empty before the first passkey.
    ///
    /// # Errors
    /// The store cannot be read, or its register is damaged or of another version.
    fn load(&self) -> anyhow::Result<Register>;

    /// Applies a change to the current register; of two changes at once, one sees the other.
    ///
    /// `change` may be called again with a newer register before one is stored.
    ///
    /// # Errors
    /// The store cannot be read or written, or `change` refused; nothing is changed then.
    fn change(&self, change: &mut Change<'_>) -> Result<(), StoreError>;
}

/// A change of the register.
pub type Change<'c> = dyn FnMut(&mut Register) -> Result<(), CeremonyError> + 'c;

/// The reason for which a change is not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The change was refused.
    #[error(transparent)]
    Refused(#[from] CeremonyError),
    /// The store cannot be read or written.
    #[error("{0:#}")]
    Unavailable(#[from] anyhow::Error),
}

/// The file `passkeys.json` in the folder `state`, with a lock file beside it.
#[derive(Clone, Debug)]
pub struct PasskeyFile(PathBuf);

impl PasskeyFile {
    /// Returns the file in `state`, which need not exist yet.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        Self(state.join("passkeys.json"))
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Waits for the lock that every change takes.
    fn lock(&self) -> anyhow::Result<File> {
        let file = self.0.with_extension("lock");
        let lock = || -> io::Result<File> {
            let _access = file_access::begin(&file)?;
            let lock = PrivateFile(&file).open_lock()?;
            lock.lock()?;
            Ok(lock)
        };
        lock().with_context(|| format!("{}: cannot be locked", file.display()))
    }
}

impl PasskeyStore for PasskeyFile {
    fn load(&self) -> anyhow::Result<Register> {
        let file = self.0.display();
        let text = match PrivateFile(&self.0).read() {
            Ok(text) => text,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Register::default()),
            Err(fault) => return Err(fault).with_context(|| format!("{file}: cannot be read")),
        };
        Register::parse(&text).map_err(|fault| {
            anyhow::anyhow!("{file}: {fault}: no passkey is accepted or changed; restore the file")
        })
    }

    fn change(&self, change: &mut Change<'_>) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let mut register = self.load()?;
        let before = register.clone();
        change(&mut register)?;
        if register == before {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&register).context("the register")?;
        let written = PrivateFile(&self.0).write(&text);
        let file = self.0.display();
        Ok(written.with_context(|| format!("{file}: cannot be written"))?)
    }
}

#[cfg(test)]
mod tests;

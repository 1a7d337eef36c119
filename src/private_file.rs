//! Private files: mode 0600 in folders of mode 0700, replaced atomically.
//!
//! All of `state` is read and written here. Root acts in another user's folder with the rights of
//! that user ([`OwnerRights`]).

mod account;
mod leftover;
mod owner;
mod temporary_file;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use self::temporary_file::TemporaryFile;
pub(crate) use self::{
    account::user_name,
    leftover::{is_unfinished, remove_leftovers},
    owner::{OwnerRights, explained},
};
use crate::{file_access, regular_file};

/// A file of mode 0600 in a folder of mode 0700.
pub(crate) struct PrivateFile<'p>(pub(crate) &'p Path);

/// A folder of mode 0700.
pub(crate) struct PrivateFolder<'p>(pub(crate) &'p Path);

impl PrivateFile<'_> {
    /// Writes the file atomically; after a crash, it has the old or the new content.
    pub(crate) fn write(&self, content: &[u8]) -> io::Result<()> {
        self.replace(content, || Ok(()))
    }

    /// Writes as [`Self::write`]; `move_away` may rename the old file once the new content is on
    /// disk.
    pub(crate) fn replace(
        &self,
        content: &[u8],
        move_away: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        self.with_rights(|folder| {
            folder.make_private()?;
            let temporary = TemporaryFile::of(self.0);
            let written = temporary
                .write(content)
                .and_then(|()| move_away())
                .and_then(|()| temporary.replace(self.0));
            file_access::answered();
            if written.is_err() {
                // The error of the write is returned; a leftover is harmless and removed later.
                let _ = temporary.remove();
            }
            written?;
            folder.sync()
        })
    }

    /// Reads the file; refuses a pipe or device in its place.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        self.with_rights(|_| regular_file::read(self.0))
    }

    /// Opens a lock file; creates it and its folder if necessary.
    pub(crate) fn open_lock(&self) -> io::Result<File> {
        self.with_rights(|folder| {
            folder.make_private()?;
            regular_file::open(self.0, OpenOptions::new().append(true).create(true))
        })
    }

    /// Opens an existing lock file.
    pub(crate) fn open_existing_lock(&self) -> io::Result<File> {
        self.with_rights(|_| regular_file::open(self.0, OpenOptions::new().read(true)))
    }

    /// Restricts the file and its folder to their owner.
    pub(crate) fn restrict(&self) -> io::Result<()> {
        self.with_rights(|folder| {
            folder.make_private()?;
            if fs::metadata(self.0)?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(self.0, Permissions::from_mode(0o600))?;
            }
            Ok(())
        })
    }

    /// Renames the file within its folder.
    pub(crate) fn rename(&self, other: &Path) -> io::Result<()> {
        self.with_rights(|_| fs::rename(self.0, other))
    }

    /// Removes the file; a missing file is no error.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.with_rights(|_| ignore_missing(fs::remove_file(self.0)))
    }

    fn with_rights<T>(
        &self,
        act: impl FnOnce(PrivateFolder<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        PrivateFolder::of(self.0).with_rights(self.0, act)
    }
}

impl<'a> PrivateFolder<'a> {
    /// Creates the folder if it does not exist.
    pub(crate) fn create_if_missing(&self) -> io::Result<()> {
        Self::of(self.0).with_rights(self.0, |_| match self.0.exists() {
            true => Ok(()),
            false => self.create(),
        })
    }

    /// Removes the folder and its content; a missing folder is no error.
    pub(crate) fn remove(&self) -> io::Result<()> {
        Self::of(self.0).with_rights(self.0, |_| ignore_missing(fs::remove_dir_all(self.0)))
    }

    /// Exchanges the folder with another one of the same parent, atomically.
    pub(crate) fn exchange(&self, other: &Path) -> io::Result<()> {
        Self::of(self.0).with_rights(self.0, |parent| {
            renameat_with(CWD, self.0, CWD, other, RenameFlags::EXCHANGE)?;
            parent.sync()
        })
    }

    /// Returns the folder that contains a file or folder.
    fn of(file: &'a Path) -> Self {
        match file.parent() {
            Some(folder) if folder != Path::new("") => Self(folder),
            _ => Self(Path::new(".")),
        }
    }

    /// Acts on a file; root takes the rights of the folder's owner meanwhile.
    fn with_rights<T>(self, file: &Path, act: impl FnOnce(Self) -> io::Result<T>) -> io::Result<T> {
        let _access = file_access::begin(file)?;
        let _rights = OwnerRights::assume(self.0)?;
        file_access::answered();
        act(self).map_err(explained)
    }

    /// Creates the folder if necessary, and restricts it to its owner.
    fn make_private(&self) -> io::Result<()> {
        if !self.0.exists() {
            self.create()?;
        }
        if fs::metadata(self.0)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(self.0, Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.0)
    }

    fn sync(&self) -> io::Result<()> {
        File::open(self.0)?.sync_all()
    }
}

fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;

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

/// Writes a file atomically; after a crash, the file has the old or the new content.
pub(crate) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    replace(file, content, || Ok(()))
}

/// Writes as [`write`]; `move_away` may rename the old file once the new content is on disk.
pub(crate) fn replace(
    file: &Path,
    content: &[u8],
    move_away: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    PrivateFolder::of(file).with_rights(file, |folder| {
        folder.make_private()?;
        let temporary = TemporaryFile::of(file);
        let written = temporary
            .write(content)
            .and_then(|()| move_away())
            .and_then(|()| temporary.replace(file));
        file_access::answered();
        if written.is_err() {
            // The error of the write is returned; a leftover is harmless and removed later.
            let _ = temporary.remove();
        }
        written?;
        folder.sync()
    })
}

/// Reads a file; refuses a pipe or device in its place.
pub(crate) fn read(file: &Path) -> io::Result<Vec<u8>> {
    PrivateFolder::of(file).with_rights(file, |_| regular_file::read(file))
}

/// Opens a lock file; creates it and its folder if necessary.
pub(crate) fn open_lock(file: &Path) -> io::Result<File> {
    PrivateFolder::of(file).with_rights(file, |folder| {
        folder.make_private()?;
        regular_file::open(file, OpenOptions::new().append(true).create(true))
    })
}

/// Opens an existing lock file.
pub(crate) fn open_existing_lock(file: &Path) -> io::Result<File> {
    PrivateFolder::of(file).with_rights(file, |_| {
        regular_file::open(file, OpenOptions::new().read(true))
    })
}

/// Restricts a file and its folder to their owner.
pub(crate) fn close(file: &Path) -> io::Result<()> {
    PrivateFolder::of(file).with_rights(file, |folder| {
        folder.make_private()?;
        if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(file, Permissions::from_mode(0o600))?;
        }
        Ok(())
    })
}

/// Renames a file within its folder.
pub(crate) fn rename(file: &Path, other: &Path) -> io::Result<()> {
    PrivateFolder::of(file).with_rights(file, |_| fs::rename(file, other))
}

/// Removes a file; a missing file is no error.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    PrivateFolder::of(file).with_rights(file, |_| ignore_missing(fs::remove_file(file)))
}

/// Removes a folder and its content; a missing folder is no error.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    PrivateFolder::of(folder).with_rights(folder, |_| ignore_missing(fs::remove_dir_all(folder)))
}

/// Exchanges two folders of the same parent atomically.
pub(crate) fn exchange(folder: &Path, other: &Path) -> io::Result<()> {
    PrivateFolder::of(folder).with_rights(folder, |parent| {
        renameat_with(CWD, folder, CWD, other, RenameFlags::EXCHANGE)?;
        parent.sync()
    })
}

/// Creates a folder of mode 0700 if it does not exist.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    PrivateFolder::of(folder).with_rights(folder, |_| match folder.exists() {
        true => Ok(()),
        false => PrivateFolder(folder).create(),
    })
}

/// A folder of private files.
struct PrivateFolder<'a>(&'a Path);

impl<'a> PrivateFolder<'a> {
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

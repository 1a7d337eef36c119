//! Secrets on disk: whole or not at all, and for nobody else to read.
//!
//! All that is kept in `state` is read and changed here. What root does in a folder of another
//! user is done with that user's rights ([`OwnerRights`]).

mod leftover;
mod owner;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{file_access, regular_file};

pub(crate) use self::{
    leftover::{is_unfinished, remove_leftovers},
    owner::{OwnerRights, explained, user_name},
};

/// Writes a file of mode 0600 in a folder of mode 0700, so that a crash leaves the old or the new.
pub(crate) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    replace(file, content, || Ok(()))
}

/// Writes like [`write`], and lets the old content be moved away once the new one is on disk.
pub(crate) fn replace(
    file: &Path,
    content: &[u8],
    move_away: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    as_owner(file, |folder| {
        make_private(folder)?;
        let temporary = temporary(file);
        let written = write_whole(&temporary, content)
            .and_then(|()| move_away())
            .and_then(|()| fs::rename(&temporary, file));
        file_access::answered();
        if written.is_err() {
            // What failed is what matters; a leftover is overwritten or harmless.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        File::open(folder)?.sync_all()
    })
}

/// The content of a file; a pipe or device in its place is refused.
pub(crate) fn read(file: &Path) -> io::Result<Vec<u8>> {
    as_owner(file, |_| regular_file::read(file))
}

/// Opens a file to lock it; makes it, and its folder, if there is none.
pub(crate) fn open_lock(file: &Path) -> io::Result<File> {
    as_owner(file, |folder| {
        make_private(folder)?;
        regular_file::open(file, OpenOptions::new().append(true).create(true))
    })
}

/// Opens a file that is there to lock it.
pub(crate) fn open_existing_lock(file: &Path) -> io::Result<File> {
    as_owner(file, |_| {
        regular_file::open(file, OpenOptions::new().read(true))
    })
}

/// Takes a file and its folder from all but their owner, where they are open to others.
pub(crate) fn close(file: &Path) -> io::Result<()> {
    as_owner(file, |folder| {
        make_private(folder)?;
        if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(file, Permissions::from_mode(0o600))?;
        }
        Ok(())
    })
}

/// Gives a file of a folder another name there.
pub(crate) fn rename(file: &Path, other: &Path) -> io::Result<()> {
    as_owner(file, |_| fs::rename(file, other))
}

/// Removes a file; a missing one is no fault.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    as_owner(file, |_| present(fs::remove_file(file)))
}

/// Removes a folder with all that is in it; a missing one is no fault.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    as_owner(folder, |_| present(fs::remove_dir_all(folder)))
}

/// Exchanges two folders beside each other, at once.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    as_owner(one, |parent| {
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?;
        File::open(parent)?.sync_all()
    })
}

/// Makes a folder that only its owner may enter, if there is none.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    as_owner(folder, |_| match folder.exists() {
        true => Ok(()),
        false => create(folder),
    })
}

/// Acts with the rights of the owner of the file's folder, where root does.
fn as_owner<T>(file: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let _access = file_access::begin(file)?;
    let _rights = OwnerRights::assume(folder)?;
    file_access::answered();
    act(folder).map_err(explained)
}

fn make_private(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        create(folder)?;
    }
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Never opens what is there: it may be a link to what is not ours.
fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    present(fs::remove_file(file))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(content)?;
    file_access::answered();
    file.sync_all()?;
    file_access::answered();
    Ok(())
}

fn present(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A name of this process's own: a hand-over has two processes on one folder.
fn temporary(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.new", process::id()));
    name.into()
}

#[cfg(test)]
mod tests;

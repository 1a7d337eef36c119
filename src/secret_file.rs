//! Secrets on disk: whole or not at all, and for nobody else to read.

mod leftover;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process,
};

pub(crate) use self::leftover::{is_unfinished, remove_leftovers};

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
    make_folder(file)?;
    let temporary = temporary(file);
    let written = write_whole(&temporary, content)
        .and_then(|()| adopt(&temporary))
        .and_then(|()| move_away())
        .and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // What failed is what matters; a leftover is overwritten or harmless.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Takes a file and its folder from all but their owner, where they are open to others.
pub(crate) fn close(file: &Path) -> io::Result<()> {
    make_folder(file)?;
    if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(file, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Gives a file to the owner of its folder: what root writes, the service must be able to read.
pub(crate) fn adopt(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let (owner, own) = (fs::metadata(folder)?, fs::metadata(file)?);
    if !rustix::process::geteuid().is_root() || owner.uid() == own.uid() {
        return Ok(());
    }
    chown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Makes the folder of a file, for nobody else to enter.
pub(crate) fn make_folder(file: &Path) -> io::Result<()> {
    make_private(file.parent().unwrap_or(Path::new(".")))
}

fn make_private(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        adopt(folder)?;
    }
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A name of this process's own: a hand-over has two processes on one folder.
fn temporary(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.new", process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::Folder;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secret_is_private_and_nothing_is_left_beside_it() {
        let folder = Folder::new();
        let file = folder.path("keys/a.pem");
        write(&file, b"one").unwrap();
        fs::set_permissions(folder.path("keys"), Permissions::from_mode(0o755)).unwrap();
        write(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&folder.path("keys")), 0o700);
        assert_eq!(fs::read_dir(folder.path("keys")).unwrap().count(), 1);
    }

    #[test]
    fn what_is_open_to_others_is_closed() {
        let folder = Folder::new();
        let file = folder.path("keys/a.pem");
        write(&file, b"one").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path("keys"), Permissions::from_mode(0o755)).unwrap();
        close(&file).unwrap();
        assert_eq!((mode(&file), mode(&folder.path("keys"))), (0o600, 0o700));
    }
}

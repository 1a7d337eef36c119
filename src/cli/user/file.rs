//! A password file on disk, which is changed completely or not at all.
//!
//! Changes preserve its mode and owner, since hubgate, NGINX and `htpasswd` can run as different
//! users.

use std::{
    fmt,
    fs::{self, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use rustix::process::getuid;

use crate::{
    access::password::lines::Lines,
    file_access,
    private_file::{self, explained},
    regular_file,
};

const UNREADABLE: &str = "cannot be read";
const UNWRITTEN: &str = "cannot be written, and is as it was";
const UNSYNCED: &str = "is written, but can be lost if the power fails now";
/// Time to wait for another process that holds the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// A password file, which need not exist yet.
pub(super) struct File {
    named: PathBuf,
    /// The path without symlinks, so that a symlink is not replaced.
    real: PathBuf,
}

/// Owner, group and mode of a file.
struct Permissions {
    /// Owner to set; `None` leaves that of the process.
    owner: Option<u32>,
    group: Option<u32>,
    mode: u32,
}

impl File {
    /// Resolves the symlinks of a path.
    pub(super) fn resolve(named: &Path) -> anyhow::Result<Self> {
        let _access = file_access::begin(named)?;
        let real = match fs::canonicalize(named) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !named.is_symlink() => {
                named.to_owned()
            }
            found => found.map_err(|error| described(named, UNREADABLE, error))?,
        };
        let named = named.to_owned();
        Ok(Self { named, real })
    }

    /// Reads the content, which is empty if the file does not exist.
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        match regular_file::read(&self.real) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| described(&self.named, UNREADABLE, error)),
        }
    }

    /// Changes the lines, while other processes wait. The owner of the state folder may read a new
    /// file.
    ///
    /// # Errors
    /// Those of `change`, or the file cannot be written. It is unchanged then.
    pub(super) fn change(
        &self,
        state: &Path,
        change: impl FnOnce(&mut Lines) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let unwritten = |error| described(&self.named, UNWRITTEN, error);
        let folder = FolderLock::acquire(self.folder()).map_err(unwritten)?;
        self.remove_leftovers();
        let mut lines = Lines::parse(&self.read()?);
        change(&mut lines)?;
        let permissions = self.permissions(state).map_err(unwritten)?;
        let replaced = self.replace(&lines.content(), &permissions);
        replaced.map_err(unwritten)?;
        let synced = folder.0.sync_all();
        synced.map_err(|error| described(&self.named, UNSYNCED, error))
    }

    fn permissions(&self, state: &Path) -> io::Result<Permissions> {
        let _access = file_access::begin(&self.real)?;
        match fs::metadata(&self.real) {
            Ok(meta) => Ok(Permissions {
                owner: Some(meta.uid()),
                group: Some(meta.gid()),
                mode: meta.mode() & 0o777,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Permissions::new(state)),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, content: &[u8], permissions: &Permissions) -> io::Result<()> {
        let temporary = self.temporary();
        let written = permissions.write_new(&temporary, content);
        let written = written.and_then(|()| fs::rename(&temporary, &self.real));
        if written.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes temporary files of killed processes. The lock excludes those of running ones.
    fn remove_leftovers(&self) {
        let paths = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        for path in paths.map(|entry| entry.path()) {
            if private_file::is_unfinished(&path, &self.real) {
                // A leftover only occupies space.
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn folder(&self) -> &Path {
        match self.real.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    fn temporary(&self) -> PathBuf {
        let mut name = self.real.as_os_str().to_owned();
        name.push(format!(".{}.new", process::id()));
        name.into()
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named.display().fmt(f)
    }
}

impl Permissions {
    /// Returns those of a new file. If root makes it, the group of the state folder may read it.
    fn new(state: &Path) -> Self {
        let service = fs::metadata(state).ok().filter(|meta| meta.uid() != 0);
        let service = service.filter(|_| rustix::process::geteuid().is_root());
        Self {
            owner: None,
            mode: if service.is_some() { 0o640 } else { 0o600 },
            group: service.map(|meta| meta.gid()),
        }
    }

    /// Writes a new file, which only its owner can read until these permissions are set.
    fn write_new(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        fchown(&file, self.owner, self.group)?;
        file.set_permissions(fs::Permissions::from_mode(self.mode))?;
        file.write_all(content)?;
        file.sync_all()
    }
}

/// An exclusive lock on a folder, held until it is dropped.
struct FolderLock(fs::File);

impl FolderLock {
    /// Waits for another process that holds the lock, but not forever: any user who can read the
    /// folder can lock it.
    fn acquire(folder: &Path) -> io::Result<Self> {
        let folder = fs::File::open(folder)?;
        let end = Instant::now() + LOCK_TIMEOUT;
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(Self(folder)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() > end => {
                    return Err(io::Error::other("another program has locked the folder"));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
            }
        }
    }
}

/// Describes an error of the file: its path, the problem, the cause and the cure.
fn described(file: &Path, problem: &str, error: io::Error) -> anyhow::Error {
    let error = explained(error);
    let cure = match error.kind() {
        io::ErrorKind::PermissionDenied if !getuid().is_root() => "; try it with sudo",
        _ => "",
    };
    anyhow!("{}: {problem}: {error}{cure}", file.display())
}

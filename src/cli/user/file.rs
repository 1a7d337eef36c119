//! A password file on disk: read, and changed as a whole or not at all.
//!
//! It keeps its mode and owner, as hubgate, NGINX and `htpasswd` may run as different users.

use std::{
    fmt,
    fs::{self, OpenOptions, Permissions, TryLockError},
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
    file_access, regular_file,
    secret_file::{self, explained},
};

const UNREADABLE: &str = "cannot be read";
const UNWRITTEN: &str = "cannot be written, and is as it was";
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// A password file, which may not be there yet.
pub(super) struct File {
    named: PathBuf,
    /// What the name leads to: a symlink stays one.
    real: PathBuf,
}

/// Who may read and write a file.
struct Rights {
    owner: Option<u32>,
    group: Option<u32>,
    mode: u32,
}

impl File {
    /// The file of this name.
    pub(super) fn of(named: &Path) -> anyhow::Result<Self> {
        let _access = file_access::begin(named)?;
        let real = match fs::canonicalize(named) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !named.is_symlink() => {
                named.to_owned()
            }
            found => found.map_err(|error| fault(named, UNREADABLE, error))?,
        };
        let named = named.to_owned();
        Ok(Self { named, real })
    }

    /// Its content; nothing, where it is not there yet.
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        match regular_file::read(&self.real) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| fault(&self.named, UNREADABLE, error)),
        }
    }

    /// Changes its lines, one process at a time. A new file is for the owner of hubgate's state
    /// to read.
    ///
    /// # Errors
    /// Those of `change`, or the file cannot be written; it is as it was then.
    pub(super) fn change(
        &self,
        state: &Path,
        change: impl FnOnce(&mut Lines) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let unwritten = |error| fault(&self.named, UNWRITTEN, error);
        let folder = fs::File::open(self.folder()).map_err(unwritten)?;
        lock(&folder).map_err(unwritten)?;
        self.remove_leftovers();
        let mut lines = Lines::parse(&self.read()?);
        change(&mut lines)?;
        let rights = self.rights(state).map_err(unwritten)?;
        self.replace(&lines.content(), &rights).map_err(unwritten)?;
        let lasting = folder.sync_all();
        lasting.map_err(|error| fault(&self.named, "is written, but may not last", error))
    }

    fn rights(&self, state: &Path) -> io::Result<Rights> {
        let _access = file_access::begin(&self.real)?;
        match fs::metadata(&self.real) {
            Ok(meta) => Ok(Rights {
                owner: Some(meta.uid()),
                group: Some(meta.gid()),
                mode: meta.mode() & 0o777,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Rights::new(state)),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, content: &[u8], rights: &Rights) -> io::Result<()> {
        let temporary = self.temporary();
        let written =
            write(&temporary, content, rights).and_then(|()| fs::rename(&temporary, &self.real));
        if written.is_err() {
            // What failed is what matters.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes what killed processes left half written: whoever writes holds the lock.
    fn remove_leftovers(&self) {
        let paths = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        for path in paths.map(|entry| entry.path()) {
            if secret_file::is_unfinished(&path, &self.real) {
                // It is harmless, but for its place.
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

impl Rights {
    /// Those of a new file: root writes it, and the service, whose the state is, may read it.
    fn new(state: &Path) -> Self {
        let service = fs::metadata(state).ok().filter(|meta| meta.uid() != 0);
        let service = service.filter(|_| rustix::process::geteuid().is_root());
        Self {
            owner: None,
            mode: if service.is_some() { 0o640 } else { 0o600 },
            group: service.map(|meta| meta.gid()),
        }
    }
}

/// Waits for another process that changes a file of the folder, but not for ever: whoever may read
/// the folder could hold it.
fn lock(folder: &fs::File) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() > end => {
                return Err(io::Error::other("another program has locked the folder"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}

fn fault(file: &Path, what: &str, error: io::Error) -> anyhow::Error {
    let error = explained(error);
    let cure = match error.kind() {
        io::ErrorKind::PermissionDenied if !getuid().is_root() => "; try it with sudo",
        _ => "",
    };
    anyhow!("{}: {what}: {error}{cure}", file.display())
}

/// Writes a new file, which nobody else can read before it has its owner.
fn write(path: &Path, content: &[u8], rights: &Rights) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    fchown(&file, rights.owner, rights.group)?;
    file.set_permissions(Permissions::from_mode(rights.mode))?;
    file.write_all(content)?;
    file.sync_all()
}

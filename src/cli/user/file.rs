//! A password file on disk: read, and changed as a whole or not at all.
//!
//! It keeps its mode and owner, as hubgate, NGINX and `htpasswd` may run as different users.

use std::{
    fmt,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    process,
};

use anyhow::Context;

use crate::access::password::lines::Lines;

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
        let real = match fs::canonicalize(named) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !named.is_symlink() => {
                named.to_owned()
            }
            found => found.with_context(|| format!("{}: cannot be read", named.display()))?,
        };
        let named = named.to_owned();
        Ok(Self { named, real })
    }

    /// Its content; nothing, where it is not there yet.
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        match fs::read(&self.real) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.with_context(|| format!("{self}: cannot be read")),
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
        let cannot = || format!("{self}: cannot be written, and is as it was");
        let folder = fs::File::open(self.folder()).with_context(cannot)?;
        folder.lock().with_context(cannot)?;
        let mut lines = Lines::parse(&self.read()?);
        change(&mut lines)?;
        let rights = self.rights(state).with_context(cannot)?;
        self.replace(&lines.content(), &rights)
            .with_context(cannot)?;
        folder
            .sync_all()
            .with_context(|| format!("{self}: is written, but may not last"))
    }

    fn rights(&self, state: &Path) -> io::Result<Rights> {
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

//! Temporary files `NAME.PID.new`, which replace a file once they are complete.
//!
//! The name has the process's number, because two processes use one folder during a hand-over.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

use super::ignore_missing;
use crate::file_access;

/// Age from which a file is a leftover even if a process has its writer's number; no write takes an
/// hour.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// A file that a process writes to replace another.
pub(super) struct TemporaryFile {
    pub(super) path: PathBuf,
    writer: u32,
}

impl TemporaryFile {
    /// Returns this process's temporary file for `file`.
    pub(super) fn of(file: &Path) -> Self {
        let writer = process::id();
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{writer}.new"));
        Self {
            path: name.into(),
            writer,
        }
    }

    /// Recognises a temporary file by its name.
    pub(super) fn parse(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".new")?;
        let (_, writer) = name.rsplit_once('.')?;
        Some(Self {
            path: path.to_owned(),
            writer: writer.parse().ok()?,
        })
    }

    /// Writes and syncs the file with mode 0600.
    ///
    /// An existing file is removed and never opened: it may be a link to another user's file.
    pub(super) fn write(&self, content: &[u8]) -> io::Result<()> {
        ignore_missing(fs::remove_file(&self.path))?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&self.path)?;
        file.write_all(content)?;
        file_access::answered();
        file.sync_all()?;
        file_access::answered();
        Ok(())
    }

    /// Renames the file to the one that it replaces.
    pub(super) fn replace(&self, file: &Path) -> io::Result<()> {
        fs::rename(&self.path, file)
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Reports whether its writer has ended.
    ///
    /// This process's own number counts as ended: in a container, every process has number 1.
    pub(super) fn is_leftover(&self) -> bool {
        self.writer == process::id() || !self.has_living_writer() || self.is_stale()
    }

    fn has_living_writer(&self) -> bool {
        let number = i32::try_from(self.writer).ok().and_then(Pid::from_raw);
        number.is_some_and(|number| test_kill_process(number) != Err(Errno::SRCH))
    }

    fn is_stale(&self) -> bool {
        let modified = fs::metadata(&self.path).and_then(|meta| meta.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age > MAX_AGE)
    }
}

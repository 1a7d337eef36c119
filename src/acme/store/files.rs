//! The store as files: `STATE/acme/KIND/KEY.json`, and `.pem` for certificates.
//!
//! A file is replaced whole: a temporary file is written, synced and renamed. The suffixes `.1` and
//! `.2` are the two previous contents of a certificate. They are read when the newest is missing,
//! after a crash between two renames or after it was set aside.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::{Entry, Fault, Kind, Lock, Store};
use crate::{file_access, private_file::PrivateFile};

/// The store as files in the state folder.
pub struct FileStore {
    root: PathBuf,
    /// Serializes writes, because the threads of a process share the name of a temporary file.
    writing: Mutex<()>,
}

/// A file of the store.
#[derive(Clone)]
struct EntryFile(PathBuf);

/// Suffixes of a certificate's file after one and after two replacements.
const GENERATIONS: [&str; 2] = [".1", ".2"];

impl FileStore {
    /// Opens the store in `STATE/acme`; once in a process, before anything is written.
    ///
    /// A disk that cannot be written is no error here, because it may still be read.
    #[must_use]
    pub fn open(state: &Path) -> Self {
        let root = state.join("acme");
        let writing = Mutex::new(());
        Self { root, writing }
    }

    /// Keeps other threads from a file, or from all files if `file_access` does not mark them.
    fn exclusive(&self, file: &EntryFile, failed: &str) -> Result<impl Sized + use<'_>, Fault> {
        let access = file.begin(failed)?;
        let all = (!access.is_marked()).then(|| self.writing.lock());
        Ok((
            access,
            all.map(|all| all.unwrap_or_else(PoisonError::into_inner)),
        ))
    }

    fn folder(&self, kind: Kind) -> PathBuf {
        self.root.join(kind.as_str())
    }

    fn file(&self, entry: &Entry) -> EntryFile {
        let name = format!("{}.{}", entry.key(), entry.kind().extension());
        EntryFile(self.folder(entry.kind()).join(name))
    }

    /// Returns the files of an entry, newest first.
    fn generations(&self, entry: &Entry) -> Vec<EntryFile> {
        let newest = self.file(entry);
        let suffixes: &[&str] = match entry.kind() {
            Kind::Certificate => &GENERATIONS,
            _ => &[],
        };
        let older: Vec<_> = suffixes.iter().map(|suffix| newest.with(suffix)).collect();
        [vec![newest], older].concat()
    }

    /// Renames each file of an entry to the next older one; the oldest is overwritten.
    fn age(files: &[EntryFile]) -> io::Result<()> {
        let [EntryFile(newest), .., _] = files else {
            return Ok(());
        };
        if !newest.try_exists()? {
            return Ok(());
        }
        for pair in files.windows(2).rev() {
            let [EntryFile(newer), EntryFile(older)] = pair else {
                continue;
            };
            match fs::rename(newer, older) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Store for FileStore {
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        for file in self.generations(entry) {
            if let Some(content) = file.read()? {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault> {
        const FAILED: &str = "cannot be written";
        let file = self.file(entry);
        let _exclusive = self.exclusive(&file, FAILED)?;
        let files = self.generations(entry);
        PrivateFile(&file.0)
            .replace(content, || Self::age(&files))
            .map_err(|fault| file.fault(FAILED, &fault))
    }

    fn remove(&self, entry: &Entry) -> Result<(), Fault> {
        // The newest last, so that an interrupted removal does not bring an older content back.
        for file in self.generations(entry).iter().rev() {
            PrivateFile(&file.0)
                .remove()
                .map_err(|fault| file.fault("cannot be removed", &fault))?;
        }
        Ok(())
    }

    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault> {
        const FAILED: &str = "cannot be moved";
        let _exclusive = self.exclusive(&self.file(entry), FAILED)?;
        let EntryFile(aside) = self.file(entry).with(".damaged");
        for file in self.generations(entry) {
            match file.read()? {
                None => {}
                Some(content) if content != seen => break,
                Some(_) => {
                    PrivateFile(&file.0)
                        .rename(&aside)
                        .map_err(|fault| file.fault(FAILED, &fault))?;
                    return Ok(format!("kept as {}", aside.display()));
                }
            }
        }
        Ok("gone already".into())
    }

    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault> {
        let folder = self.folder(kind);
        let unlisted = |fault| Fault::from_io(&folder, "cannot be listed", &fault);
        let _access = file_access::begin(&folder).map_err(unlisted)?;
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(unlisted(fault)),
        };
        let mut entries = Vec::new();
        for file in files {
            let name = file.map_err(unlisted)?.file_name();
            let name = name.to_str();
            entries.extend(name.and_then(|name| Entry::from_file_name(kind, name)));
        }
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault> {
        let file = self.file(entry).with(".lock");
        let unlocked = |fault| file.fault("cannot be locked", &fault);
        let held = file.open_lock().map_err(unlocked)?;
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock::new(held))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(fault) => Err(unlocked(fault.into())),
        }
    }
}

impl Kind {
    fn extension(self) -> &'static str {
        match self {
            Self::Certificate => "pem",
            _ => "json",
        }
    }
}

impl Entry {
    /// Returns the entry of a file name, also of an older content.
    fn from_file_name(kind: Kind, name: &str) -> Option<Self> {
        let without = |suffix: &&str| name.strip_suffix(*suffix);
        let newest = match kind {
            Kind::Certificate => GENERATIONS.iter().find_map(without).unwrap_or(name),
            _ => name,
        };
        let key = newest.strip_suffix(kind.extension())?.strip_suffix('.')?;
        Some(Self::from_key(kind, key))
    }
}

impl EntryFile {
    /// Returns the file with a further suffix.
    fn with(&self, suffix: &str) -> Self {
        let mut name = self.0.as_os_str().to_owned();
        name.push(suffix);
        Self(name.into())
    }

    fn read(&self) -> Result<Option<Vec<u8>>, Fault> {
        const FAILED: &str = "cannot be read";
        let _access = self.begin(FAILED)?;
        // A read creates nothing: root may read, but hubgate's user has to write there.
        if self.0.exists() && PrivateFile(&self.0).restrict().is_err() {
            self.refuse_foreign()?;
        }
        match PrivateFile(&self.0).read() {
            Ok(content) => Ok(Some(content)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(self.fault(FAILED, &fault)),
        }
    }

    /// Refuses a file that other users can write. One that they can only read is still used.
    fn refuse_foreign(&self) -> Result<(), Fault> {
        let Ok(meta) = fs::metadata(&self.0) else {
            return Ok(());
        };
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o022 == 0 {
            return Ok(());
        }
        Err(Fault::new(
            self.0.display().to_string(),
            format!("users other than its owner can write it (mode {mode:04o}), so it is not used"),
            "check who changed it, make hubgate's user its owner, and set its mode to 600",
        ))
    }

    /// Opens the lock file. On a disk that cannot be written, an existing one still locks.
    fn open_lock(&self) -> io::Result<File> {
        let created = PrivateFile(&self.0).open_lock();
        created.or_else(|fault| PrivateFile(&self.0).open_existing_lock().map_err(|_| fault))
    }

    fn begin(&self, failed: &str) -> Result<file_access::Access, Fault> {
        file_access::begin(&self.0).map_err(|fault| self.fault(failed, &fault))
    }

    fn fault(&self, failed: &str, fault: &io::Error) -> Fault {
        Fault::from_io(&self.0, failed, fault)
    }
}

#[cfg(test)]
mod tests;

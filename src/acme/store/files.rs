//! The store as files: `STATE/acme/KIND/KEY.json`, and `.pem` for certificates.
//!
//! A file is replaced whole: written beside it, to the disk, then renamed. Of a certificate, `.1`
//! and `.2` are the two before; when the newest is missing, a crash was between two renames or
//! it was set aside, and the next is read.

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
use crate::{file_access, secret_file};

/// The store as files in the state folder.
pub struct Files {
    root: PathBuf,
    /// Two threads would write to one temporary file.
    writing: Mutex<()>,
}

/// What is put to the name of a certificate's file once, and twice, replaced.
const GENERATIONS: [&str; 2] = [".1", ".2"];

impl Files {
    /// The store in `STATE/acme`; open it once in a process, before anything is written.
    ///
    /// A disk that cannot be written is no fault yet: what is there is still read.
    #[must_use]
    pub fn open(state: &Path) -> Self {
        let root = state.join("acme");
        let writing = Mutex::new(());
        Self { root, writing }
    }

    /// Keeps other threads from a file; all files where they are not told apart.
    fn alone(&self, file: &Path, failed: &str) -> Result<impl Sized + use<'_>, Fault> {
        let access = file_access::begin(file);
        let access = access.map_err(|fault| Fault::of_file(file, failed, &fault))?;
        let all = (!access.is_marked()).then(|| self.writing.lock());
        Ok((
            access,
            all.map(|all| all.unwrap_or_else(PoisonError::into_inner)),
        ))
    }

    fn folder(&self, kind: Kind) -> PathBuf {
        self.root.join(kind.word())
    }

    fn file(&self, entry: &Entry) -> PathBuf {
        let (key, ending) = (entry.key(), ending(entry.kind()));
        self.folder(entry.kind()).join(format!("{key}.{ending}"))
    }

    /// The files of an entry, newest first.
    fn generations(&self, entry: &Entry) -> Vec<PathBuf> {
        let newest = self.file(entry);
        let before: &[&str] = match entry.kind() {
            Kind::Certificate => &GENERATIONS,
            _ => &[],
        };
        let older: Vec<_> = before.iter().map(|end| with(&newest, end)).collect();
        [vec![newest], older].concat()
    }
}

impl Store for Files {
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        for file in self.generations(entry) {
            if let Some(content) = read(&file)? {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault> {
        let file = self.file(entry);
        let _alone = self.alone(&file, "cannot be written")?;
        let files = self.generations(entry);
        secret_file::replace(&file, content, || move_down(&files))
            .map_err(|fault| Fault::of_file(&file, "cannot be written", &fault))
    }

    fn remove(&self, entry: &Entry) -> Result<(), Fault> {
        // The newest last: half done, the entry must not come back as it was long ago.
        for file in self.generations(entry).iter().rev() {
            secret_file::remove(file)
                .map_err(|fault| Fault::of_file(file, "cannot be removed", &fault))?;
        }
        Ok(())
    }

    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault> {
        let _alone = self.alone(&self.file(entry), "cannot be moved")?;
        let aside = with(&self.file(entry), ".damaged");
        for file in self.generations(entry) {
            match read(&file)? {
                None => {}
                Some(content) if content != seen => break,
                Some(_) => {
                    secret_file::rename(&file, &aside)
                        .map_err(|fault| Fault::of_file(&file, "cannot be moved", &fault))?;
                    return Ok(format!("kept as {}", aside.display()));
                }
            }
        }
        Ok("gone already".into())
    }

    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault> {
        let folder = self.folder(kind);
        let unlisted = |fault| Fault::of_file(&folder, "cannot be listed", &fault);
        let _access = file_access::begin(&folder).map_err(unlisted)?;
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(unlisted(fault)),
        };
        let mut entries = Vec::new();
        for file in files {
            let name = file.map_err(unlisted)?.file_name();
            entries.extend(name.to_str().and_then(|name| entry(kind, name)));
        }
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    fn lock(&self, entry: &Entry) -> Result<Option<Lock>, Fault> {
        let file = with(&self.file(entry), ".lock");
        let unlocked = |fault| Fault::of_file(&file, "cannot be locked", &fault);
        let held = open_lock(&file).map_err(unlocked)?;
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock::new(held))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(fault) => Err(unlocked(fault.into())),
        }
    }
}

fn ending(kind: Kind) -> &'static str {
    match kind {
        Kind::Certificate => "pem",
        _ => "json",
    }
}

/// The entry of which the file is the newest or an older content.
fn entry(kind: Kind, name: &str) -> Option<Entry> {
    let ends = |end: &&str| name.strip_suffix(*end);
    let newest = match kind {
        Kind::Certificate => GENERATIONS.iter().find_map(ends).unwrap_or(name),
        _ => name,
    };
    let key = newest.strip_suffix(ending(kind))?.strip_suffix('.')?;
    Some(Entry::of_key(kind, key))
}

fn with(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let access = file_access::begin(file);
    let _access = access.map_err(|fault| Fault::of_file(file, "cannot be read", &fault))?;
    // Nothing is made by looking: root may look, and hubgate's user has to write there.
    if file.exists() && secret_file::close(file).is_err() {
        refuse_foreign(file)?;
    }
    match secret_file::read(file) {
        Ok(content) => Ok(Some(content)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(Fault::of_file(file, "cannot be read", &fault)),
    }
}

/// What others can read and we cannot close is still served; what others can write is not ours.
fn refuse_foreign(file: &Path) -> Result<(), Fault> {
    let Ok(meta) = fs::metadata(file) else {
        return Ok(());
    };
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Fault::new(
        file.display().to_string(),
        format!("others than its owner may write it (mode {mode:04o}), so it is not trusted"),
        "look who changed it, make hubgate's user its owner, and set its mode to 600",
    ))
}

/// Each file takes the name of the one before it; the oldest goes.
fn move_down(files: &[PathBuf]) -> io::Result<()> {
    let [newest, .., _] = files else {
        return Ok(());
    };
    if !newest.try_exists()? {
        return Ok(());
    }
    for pair in files.windows(2).rev() {
        let [newer, older] = pair else { continue };
        match fs::rename(newer, older) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}

/// On a disk that cannot be written, a lock file that is there still locks.
fn open_lock(file: &Path) -> io::Result<File> {
    let created = secret_file::open_lock(file);
    created.or_else(|fault| secret_file::open_existing_lock(file).map_err(|_| fault))
}

#[cfg(test)]
mod tests;

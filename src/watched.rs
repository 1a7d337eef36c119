//! A value that is reloaded when its files change.
//!
//! A refresh compares inode, length and modification time of the files. If they cannot be loaded,
//! the refresh returns the error once, and the last good value stays.

use std::{
    error::Error,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;

use crate::file_access;

/// Loads the value from the files.
type Load<T> = Box<dyn Fn() -> anyhow::Result<T> + Send + Sync>;

/// A value that is reloaded when its files change.
pub struct Watched<T> {
    files: Vec<PathBuf>,
    load: Load<T>,
    value: ArcSwap<T>,
    stamps: Mutex<Vec<Option<Stamp>>>,
}

/// The version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl<T> Watched<T> {
    /// Loads the value.
    ///
    /// # Errors
    /// Those of `load`, and a file does not answer.
    pub fn load(
        files: Vec<PathBuf>,
        load: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let stamps = Stamp::read_all(&files)?;
        let value = ArcSwap::from_pointee(load()?);
        Ok(Self {
            files,
            load: Box::new(load),
            value,
            stamps: Mutex::new(stamps),
        })
    }

    /// Returns the last good value.
    pub fn current(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Reloads the value if a file changed; reports whether it did.
    ///
    /// A file that does not answer counts as unchanged.
    ///
    /// # Errors
    /// Those of `load`, once per change of the files; the last good value stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        let Ok(now) = Stamp::read_all(&self.files) else {
            return Ok(false);
        };
        if *self.stamps() == now {
            return Ok(false);
        }
        match (self.load)() {
            Err(fault) if is_unanswered(&fault) => return Ok(false),
            Err(fault) => {
                *self.stamps() = now;
                return Err(fault);
            }
            Ok(value) => self.value.store(Arc::new(value)),
        }
        *self.stamps() = now;
        Ok(true)
    }

    fn stamps(&self) -> MutexGuard<'_, Vec<Option<Stamp>>> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports whether a file did not answer within its deadline.
fn is_unanswered(fault: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn Error + 'static)| Some(cause.downcast_ref::<io::Error>()?.kind());
    let mut kinds = fault.chain().filter_map(kind);
    kinds.any(|kind| kind == io::ErrorKind::TimedOut)
}

impl Stamp {
    fn read_all(files: &[PathBuf]) -> io::Result<Vec<Option<Self>>> {
        files.iter().map(|file| Self::read(file)).collect()
    }

    /// Reads the version of a file; `None` if its metadata cannot be read.
    fn read(file: &Path) -> io::Result<Option<Self>> {
        let _access = file_access::begin(file)?;
        let stamp = fs::metadata(file).map(|meta| Self {
            inode: meta.ino(),
            length: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        });
        Ok(stamp.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_loaded_and_a_fault_keeps_the_last_good_value() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("number");
        fs::write(&file, "1").unwrap();
        let path = file.clone();
        let number = Watched::load(vec![file.clone()], move || {
            Ok(fs::read_to_string(&path)?.parse::<u32>()?)
        })
        .unwrap();
        assert!(!number.refresh().unwrap());

        fs::write(&file, "22").unwrap();
        assert!(number.refresh().unwrap());
        assert_eq!(*number.current(), 22);

        fs::write(&file, "three").unwrap();
        assert!(number.refresh().is_err());
        assert!(!number.refresh().unwrap(), "a fault is returned once");
        assert_eq!(*number.current(), 22);
    }
}

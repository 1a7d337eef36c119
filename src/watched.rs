//! A value kept current with the files it is read from.
//!
//! Files are looked at when asked and read again when their length, time
//! or inode changed; a file that has become unreadable or wrong is reported
//! and the last good value stays.

use std::{
    error::Error,
    fs, io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;

use crate::file_access;

/// Reads the value from the files.
type Load<T> = Box<dyn Fn() -> anyhow::Result<T> + Send + Sync>;

/// The current value of some files.
pub struct Watched<T> {
    files: Vec<PathBuf>,
    load: Load<T>,
    value: ArcSwap<T>,
    seen: Mutex<Vec<Option<Stamp>>>,
}

/// What tells one version of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl<T> Watched<T> {
    /// Reads the value for the first time.
    ///
    /// # Errors
    /// Whatever `load` reports.
    pub fn load(
        files: Vec<PathBuf>,
        load: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let seen = stamps(&files)?;
        let value = ArcSwap::from_pointee(load()?);
        Ok(Self {
            files,
            load: Box::new(load),
            value,
            seen: Mutex::new(seen),
        })
    }

    /// The value as last read without a fault.
    pub fn current(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Reads the value again if a file changed; says whether it did. A file that does not answer
    /// has not changed yet.
    ///
    /// # Errors
    /// Whatever `load` reports, once for each change of the files; the last good value stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        let Ok(now) = stamps(&self.files) else {
            return Ok(false);
        };
        if *self.seen() == now {
            return Ok(false);
        }
        match (self.load)() {
            Err(fault) if is_unanswered(&fault) => return Ok(false),
            Err(fault) => {
                *self.seen() = now;
                return Err(fault);
            }
            Ok(value) => self.value.store(Arc::new(value)),
        }
        *self.seen() = now;
        Ok(true)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Option<Stamp>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_unanswered(fault: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn Error + 'static)| Some(cause.downcast_ref::<io::Error>()?.kind());
    let mut kinds = fault.chain().filter_map(kind);
    kinds.any(|kind| kind == io::ErrorKind::TimedOut)
}

fn stamps(files: &[PathBuf]) -> io::Result<Vec<Option<Stamp>>> {
    files.iter().map(stamp).collect()
}

fn stamp(file: &PathBuf) -> io::Result<Option<Stamp>> {
    let _access = file_access::begin(file)?;
    let stamp = fs::metadata(file).map(|meta| Stamp {
        inode: meta.ino(),
        length: meta.len(),
        modified: (meta.mtime(), meta.mtime_nsec()),
    });
    Ok(stamp.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_and_a_fault_keeps_the_last_good_value() {
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
        assert!(!number.refresh().unwrap(), "a fault is told once");
        assert_eq!(*number.current(), 22);
    }
}

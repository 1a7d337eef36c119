//! The history file and the parts of a hand-over, in the state folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tracing::warn;

use super::{
    History, Unsaved,
    encoded::{self, MOST_BYTES},
    records::Records,
};
use crate::{
    file_access,
    private_file::{OwnerRights, PrivateFile},
};

/// The history file in a state folder.
#[derive(Clone)]
pub(crate) struct HistoryFile {
    state: PathBuf,
}

/// A part of a hand-over.
struct Part {
    id: u64,
    path: PathBuf,
}

/// Parts merged at a time.
const PARTS: usize = 16;

impl HistoryFile {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
        }
    }

    /// Reads the records; none if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is of another version or damaged.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Records>> {
        let path = self.path();
        match read(&path) {
            Ok(Ok(records)) => Ok(Some(records)),
            Ok(Err(fault)) => Err(fault).with_context(|| path.display().to_string()),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault).with_context(|| path.display().to_string()),
        }
    }

    /// Reads the records at the start. A file of another version or a damaged one is set aside,
    /// and the history begins anew.
    pub(crate) fn load(&self) -> Records {
        let path = self.path();
        match read(&path) {
            Ok(Ok(records)) => records,
            Ok(Err(fault)) => {
                set_aside(&path, fault);
                Records::default()
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Records::default(),
            Err(fault) => {
                warn!("{}: the history begins anew: {fault}", path.display());
                Records::default()
            }
        }
    }

    /// Writes records: all of them, or a part in a file of its own.
    ///
    /// # Errors
    /// The state folder cannot be written; a part is returned with the error.
    pub(crate) fn save(&self, unsaved: Unsaved) -> Result<(), (io::Error, Option<Box<Records>>)> {
        match unsaved {
            Unsaved::Whole(bytes) => PrivateFile(&self.path())
                .write(&bytes)
                .map_err(|fault| (fault, None)),
            Unsaved::Part(records) => {
                let written =
                    random_id().and_then(|id| PrivateFile(&self.part(id)).write(&records.encode()));
                written.map_err(|fault| (fault, Some(records)))
            }
        }
    }

    /// Merges the parts of other processes, saves the records and removes the parts.
    ///
    /// # Errors
    /// The state folder cannot be read or written; the parts stay.
    pub(crate) fn merge_parts(&self, history: &History) -> io::Result<()> {
        let parts = self.parts()?;
        if parts.is_empty() {
            return Ok(());
        }
        let now = time::OffsetDateTime::now_utc();
        let mut merged = Vec::new();
        for part in parts {
            match read(&part.path)? {
                Ok(records) => {
                    history.merge(part.id, records, now);
                    merged.push(part);
                }
                Err(fault) => set_aside(&part.path, fault),
            }
        }
        if let Some(unsaved) = history.take_unsaved()
            && let Err((fault, part)) = self.save(unsaved)
        {
            history.restore(part, now);
            return Err(fault);
        }
        let mut removed = merged.iter().map(|part| PrivateFile(&part.path).remove());
        removed.try_for_each(|removed| removed)
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.state.join("history")
    }

    fn part(&self, id: u64) -> PathBuf {
        self.state.join(format!("history-{id:016x}.part"))
    }

    fn parts(&self) -> io::Result<Vec<Part>> {
        let _access = file_access::begin(&self.state)?;
        let _rights = OwnerRights::assume(&self.state)?;
        let entries = match fs::read_dir(&self.state) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let parts = entries.filter_map(|entry| Part::of(entry.ok()?.path()));
        Ok(parts.take(PARTS).collect())
    }
}

impl Part {
    /// Returns the part with a path; none for any other file.
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let id = name.strip_prefix("history-")?.strip_suffix(".part")?;
        let id = u64::from_str_radix(id, 16).ok()?;
        Some(Self { id, path })
    }
}

fn read(path: &Path) -> io::Result<Result<Records, encoded::Fault>> {
    let bytes = PrivateFile(path).read()?;
    if bytes.len() > 2 * MOST_BYTES {
        return Ok(Err(encoded::Fault::Damaged));
    }
    Ok(Records::decode(&bytes))
}

/// Renames a file that cannot be used, so that it is not overwritten.
fn set_aside(path: &Path, fault: encoded::Fault) {
    let ending = match fault {
        encoded::Fault::Version(version) => format!("version-{version}"),
        encoded::Fault::Damaged => "damaged".to_owned(),
    };
    let aside = path.with_extension(ending);
    let shown = path.display();
    match PrivateFile(path).rename(&aside) {
        Ok(()) => warn!(
            "{shown}: {fault}; it is kept as {}, and the history begins anew",
            aside.display()
        ),
        Err(failed) => warn!("{shown}: {fault}, and cannot be renamed: {failed}"),
    }
}

fn random_id() -> io::Result<u64> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}

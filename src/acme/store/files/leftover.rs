//! Removes what processes that died left half written.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

use crate::secret_file;

/// Nobody writes for so long; a living process of that number is another one then.
const STALE: Duration = Duration::from_secs(3600);

/// Removes the temporary files of dead processes in the folders below `root`.
///
/// What cannot be listed or removed is harmless and stays.
pub(super) fn remove(root: &Path) {
    for folder in paths(root) {
        for file in paths(&folder) {
            if secret_file::writer_of(&file).is_some_and(|writer| is_left(&file, writer)) {
                let _ = fs::remove_file(&file);
            }
        }
    }
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Our own number is a dead process's too: in a container every process before was number 1.
fn is_left(file: &Path, writer: u32) -> bool {
    writer == process::id() || !is_alive(writer) || is_stale(file)
}

fn is_alive(process: u32) -> bool {
    let number = i32::try_from(process).ok().and_then(Pid::from_raw);
    number.is_some_and(|number| test_kill_process(number) != Err(Errno::SRCH))
}

fn is_stale(file: &Path) -> bool {
    let modified = fs::metadata(file).and_then(|meta| meta.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > STALE)
}

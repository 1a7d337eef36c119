//! Removal of temporary files that ended processes left behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{OwnerRights, temporary_file::TemporaryFile};
use crate::file_access;

/// Depth of folders below `state`.
const MAX_DEPTH: usize = 3;

/// Removes the temporary files of ended processes in a folder and those below it.
///
/// Call it before the first write to the folder. Files that cannot be listed or removed are
/// harmless and stay.
pub(crate) fn remove_leftovers(folder: &Path) {
    if let Ok(_access) = file_access::begin(folder) {
        remove(folder, MAX_DEPTH);
    }
}

/// Reports whether `path` is a temporary file that was to replace `file`.
pub(crate) fn is_unfinished(path: &Path, file: &Path) -> bool {
    let replaced = path.with_extension("").with_extension("");
    TemporaryFile::parse(path).is_some() && replaced.file_name() == file.file_name()
}

fn remove(folder: &Path, depth: usize) {
    let Ok(_rights) = OwnerRights::assume(folder) else {
        return;
    };
    for path in entries(folder) {
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) && depth > 0 {
            remove(&path, depth - 1);
        } else if let Some(leftover) =
            TemporaryFile::parse(&path).filter(TemporaryFile::is_leftover)
        {
            let _ = leftover.remove();
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::tls::testing::Folder;

    #[test]
    fn temporary_file_is_recognised_by_the_name_of_its_file() {
        let is_temporary =
            |path: &str| is_unfinished(Path::new(path), Path::new("users/.htpasswd"));
        assert!(
            is_temporary("users/.htpasswd.4711.new") && is_temporary("./users/.htpasswd.1.new")
        );
        assert!(!is_temporary("users/.htpasswd") && !is_temporary("users/.htpasswd.new"));
        assert!(!is_temporary("users/.htpasswd.old.new") && !is_temporary("users/other.4711.new"));
    }

    #[test]
    fn files_of_ended_processes_are_removed_and_those_of_living_ones_stay() {
        let folder = Folder::new();
        let deep = folder.path("acme/certificate");
        fs::create_dir_all(&deep).unwrap();
        let mut dead = Command::new("true").spawn().unwrap();
        let mut alive = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        dead.wait().unwrap();
        let of = |folder: &Path, process| folder.join(format!("a.pem.{process}.new"));
        let (ended, living) = (of(&deep, dead.id()), of(&deep, alive.id()));
        let top = of(&folder.path(""), dead.id());
        let whole = deep.join("a.pem");
        for file in [&ended, &living, &top, &whole] {
            fs::write(file, "half").unwrap();
        }
        remove_leftovers(&folder.path(""));
        assert!(living.exists() && whole.exists() && !ended.exists() && !top.exists());
        alive.kill().unwrap();
        alive.wait().unwrap();
    }
}

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

use super::OwnerRights;
use crate::file_access;

/// Nobody writes for so long; a living process of that number is another one then.
const STALE: Duration = Duration::from_secs(3600);

/// How deep folders lie in `state`.
const DEPTH: usize = 3;

/// Removes the temporary files of dead processes in a folder and those below; call it before
/// anything is written.
///
/// What cannot be listed or removed is harmless and stays.
pub(crate) fn remove_leftovers(folder: &Path) {
    if let Ok(_access) = file_access::begin(folder) {
        remove(folder, DEPTH);
    }
}

fn remove(folder: &Path, depth: usize) {
    let Ok(_rights) = OwnerRights::assume(folder) else {
        return;
    };
    for path in paths(folder) {
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) && depth > 0 {
            remove(&path, depth - 1);
        } else if writer_of(&path).is_some_and(|writer| is_left(&path, writer)) {
            let _ = fs::remove_file(&path);
        }
    }
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Whether a file was to take the place of another one.
pub(crate) fn is_unfinished(path: &Path, file: &Path) -> bool {
    let whole = path.with_extension("").with_extension("");
    let names = (whole.file_name(), file.file_name());
    writer_of(path).is_some() && names.0 == names.1
}

/// The process that was writing the file, if its name is that of a file not yet whole.
fn writer_of(file: &Path) -> Option<u32> {
    let name = file.file_name()?.to_str()?.strip_suffix(".new")?;
    name.rsplit_once('.')?.1.parse().ok()
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

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::tls::testing::Folder;

    #[test]
    fn only_what_was_to_take_the_place_of_a_file_is_its_unfinished() {
        let of = |path: &str| is_unfinished(Path::new(path), Path::new("users/.htpasswd"));
        assert!(of("users/.htpasswd.4711.new") && of("./users/.htpasswd.1.new"));
        assert!(!of("users/.htpasswd") && !of("users/.htpasswd.new"));
        assert!(!of("users/.htpasswd.old.new") && !of("users/other.4711.new"));
    }

    #[test]
    fn files_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let folder = Folder::new();
        let deep = folder.path("acme/certificate");
        fs::create_dir_all(&deep).unwrap();
        let mut dead = Command::new("true").spawn().unwrap();
        let mut alive = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        dead.wait().unwrap();
        let of = |folder: &Path, process| folder.join(format!("a.pem.{process}.new"));
        let (gone, kept) = (of(&deep, dead.id()), of(&deep, alive.id()));
        let top = of(&folder.path(""), dead.id());
        let whole = deep.join("a.pem");
        for file in [&gone, &kept, &top, &whole] {
            fs::write(file, "half").unwrap();
        }
        remove_leftovers(&folder.path(""));
        assert!(kept.exists() && whole.exists() && !gone.exists() && !top.exists());
        alive.kill().unwrap();
        alive.wait().unwrap();
    }
}

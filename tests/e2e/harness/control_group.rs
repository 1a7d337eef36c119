//! A control group with a limit of memory, for processes of one test; it takes the rights of root.

use std::{
    fs,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use crate::real_hub::skip_for;

/// Attempts to remove a group after the end of its last process.
const ATTEMPTS: usize = 100;

/// A control group; it is removed at the end of the test, after the end of its processes.
pub struct ControlGroup {
    folder: PathBuf,
    limit: &'static str,
}

impl ControlGroup {
    /// A new group with a limit in bytes; none, which is reported, without the rights to make one.
    pub fn limited_to(bytes: u64) -> Option<Self> {
        let mut parents = [version_1(), Some(version_2())].into_iter().flatten();
        let group = parents.find_map(|(parent, limit)| Self::below(&parent, limit));
        let Some(group) = group else {
            skip_for("no rights to limit memory: run it as root with control groups mounted");
            return None;
        };
        group.limit(bytes);
        Some(group)
    }

    fn below(parent: &Path, limit: &'static str) -> Option<Self> {
        let name = format!("hubgate-{}-{:?}", process::id(), thread::current().id());
        let folder = parent.join(name);
        fs::create_dir(&folder).ok()?;
        let group = Self { folder, limit };
        group.folder.join(limit).exists().then_some(group)
    }

    /// Changes the limit.
    pub fn limit(&self, bytes: u64) {
        fs::write(self.folder.join(self.limit), bytes.to_string()).unwrap();
    }

    /// Moves a process there.
    pub fn take(&self, process: u32) {
        fs::write(self.folder.join("cgroup.procs"), process.to_string()).unwrap();
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        for _ in 0..ATTEMPTS {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The group of the test itself, and the file of the limit.
fn version_1() -> Option<(PathBuf, &'static str)> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = groups.lines().find_map(|line| line.split_once(":memory:"));
    let own = own?.1.trim_start_matches('/');
    Some((
        PathBuf::from("/sys/fs/cgroup/memory").join(own),
        "memory.limit_in_bytes",
    ))
}

/// The root, as a group with processes of its own hands no memory on.
fn version_2() -> (PathBuf, &'static str) {
    (PathBuf::from("/sys/fs/cgroup"), "memory.max")
}

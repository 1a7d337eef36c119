//! The memory available to the process: the machine's, or the limit of a control group.
//!
//! Control groups are nested, and each one above the process may set a limit: `MemoryMax=` and
//! `MemoryHigh=` of systemd, `--memory` of Docker. Version 1 has one limit, version 2 has two.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use rustix::system::sysinfo;

/// Files of a control group's limits, in both versions.
const LIMITS: [&str; 3] = ["memory.max", "memory.high", "memory.limit_in_bytes"];

/// A mounted hierarchy of control groups that may limit memory.
struct Hierarchy<'a> {
    version: Version,
    /// Group that is visible at the mount point.
    root: &'a Path,
    mount_point: &'a Path,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The files of the kernel, below `/` or below the folder of a test.
struct System<'a> {
    root: &'a Path,
}

/// Returns the bytes available to the process.
pub(super) fn available() -> u64 {
    let machine = machine_total();
    let system = System {
        root: Path::new("/"),
    };
    let limit = system.group_limit();
    limit.map_or(machine, |limit| limit.min(machine))
}

/// Returns the bytes of the machine's memory. Does not read `/proc/meminfo`, which `ProcSubset=pid`
/// hides from a service.
#[allow(
    clippy::useless_conversion,
    reason = "32-bit machines have other types"
)]
fn machine_total() -> u64 {
    let system = sysinfo();
    let total = u64::try_from(system.totalram).unwrap_or(u64::MAX);
    total.saturating_mul(system.mem_unit.into())
}

impl System<'_> {
    /// Returns the smallest limit of the process's control groups and of those above them, in
    /// bytes.
    fn group_limit(&self) -> Option<u64> {
        let mounts = fs::read_to_string(self.root.join("proc/self/mountinfo")).ok()?;
        let groups = fs::read_to_string(self.root.join("proc/self/cgroup")).ok()?;
        let hierarchies = mounts.lines().filter_map(Hierarchy::parse);
        let folders = hierarchies.filter_map(|hierarchy| hierarchy.folders(&groups));
        let limits = folders.flatten().flat_map(|folder| self.limits(&folder));
        limits.min()
    }

    /// Reads the limits of one group in bytes; `max` is no limit.
    fn limits(&self, folder: &Path) -> Vec<u64> {
        let folder = self.root.join(folder.strip_prefix("/").unwrap_or(folder));
        let read = |name: &&str| {
            let text = fs::read_to_string(folder.join(name)).ok()?;
            text.trim().parse().ok()
        };
        LIMITS.iter().filter_map(read).collect()
    }
}

impl<'a> Hierarchy<'a> {
    /// Parses a line of mountinfo (proc_pid_mountinfo(5)); `None` if it is no hierarchy for memory.
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, mount_point) = (mount.next()?, mount.next()?);
        let mut filesystem = filesystem.split(' ');
        let (kind, options) = (filesystem.next()?, filesystem.nth(1)?);
        let version = match kind {
            "cgroup2" => Version::Two,
            "cgroup" if options.split(',').any(|option| option == "memory") => Version::One,
            _ => return None,
        };
        Some(Self {
            version,
            root: Path::new(root),
            mount_point: Path::new(mount_point),
        })
    }

    /// Returns the folders of the process's group and of those above it that the mount shows.
    fn folders(&self, groups: &str) -> Option<Vec<PathBuf>> {
        let group = groups.lines().find_map(|line| self.group(line))?;
        let below = group.strip_prefix(self.root).unwrap_or(Path::new(""));
        let is_shown = |below: &&Path| {
            let mut steps = below.components();
            steps.all(|step| matches!(step, Component::Normal(_)))
        };
        let below = Some(below).filter(is_shown).unwrap_or(Path::new(""));
        let folder = |below: &Path| self.mount_point.join(below);
        Some(below.ancestors().map(folder).collect())
    }

    /// Parses the group of a line of `/proc/self/cgroup` (cgroups(7)), if it is of this hierarchy.
    fn group<'g>(&self, line: &'g str) -> Option<&'g Path> {
        let (number, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        let is_own = match self.version {
            Version::One => controllers.split(',').any(|name| name == "memory"),
            Version::Two => number == "0" && controllers.is_empty(),
        };
        is_own.then_some(Path::new(group))
    }
}

#[cfg(test)]
mod tests;

//! The memory available to the process: the machine's, or less where a control group limits it.
//!
//! Control groups nest, and each on the way to the root may set a limit: `MemoryMax=` and
//! `MemoryHigh=` of systemd, `--memory` of Docker. Version 2 has both limits, version 1 one.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use rustix::system::sysinfo;

/// The limits of a control group, each absent in the other version.
const LIMITS: [&str; 3] = ["memory.max", "memory.high", "memory.limit_in_bytes"];

/// A mounted hierarchy of control groups that may limit memory.
struct Hierarchy<'a> {
    version: Version,
    /// The group that the mount point shows.
    root: &'a Path,
    mount_point: &'a Path,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Bytes available to the process.
pub(super) fn available() -> u64 {
    let machine = machine_total();
    group_limit(Path::new("/")).map_or(machine, |limit| limit.min(machine))
}

/// Bytes of the machine's memory. Not of `/proc/meminfo`, which a service may not see
/// (`ProcSubset=pid`).
#[allow(
    clippy::useless_conversion,
    reason = "32-bit machines have other types"
)]
fn machine_total() -> u64 {
    let system = sysinfo();
    let total = u64::try_from(system.totalram).unwrap_or(u64::MAX);
    total.saturating_mul(system.mem_unit.into())
}

/// The smallest limit of the groups of the process and of those above them. `system` is `/`, or the
/// folder of a test.
fn group_limit(system: &Path) -> Option<u64> {
    let mounts = fs::read_to_string(system.join("proc/self/mountinfo")).ok()?;
    let groups = fs::read_to_string(system.join("proc/self/cgroup")).ok()?;
    let hierarchies = mounts.lines().filter_map(Hierarchy::parse);
    let folders = hierarchies.filter_map(|hierarchy| hierarchy.folders(&groups));
    let limits = folders.flatten().flat_map(|folder| limits(system, &folder));
    limits.min()
}

impl<'a> Hierarchy<'a> {
    /// Parses a line of mountinfo (proc_pid_mountinfo(5)).
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

    /// The folders of the process's group and of those above it, as far as the mount shows them.
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

    /// The group that a line of `/proc/self/cgroup` names (cgroups(7)), if it is of this hierarchy.
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

/// The limits of one group in bytes; `max` is none.
fn limits(system: &Path, folder: &Path) -> Vec<u64> {
    let folder = system.join(folder.strip_prefix("/").unwrap_or(folder));
    let read = |name: &&str| {
        fs::read_to_string(folder.join(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    LIMITS.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests;

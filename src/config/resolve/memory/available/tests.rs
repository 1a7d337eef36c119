use tempfile::TempDir;

use super::*;

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";
const MIB: u64 = 1 << 20;

/// A folder with the kernel's files of a machine.
struct Machine(TempDir);

impl Machine {
    fn new(mounts: &str, groups: &str) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine
            .file(
                "proc/meminfo",
                "MemTotal:        4194304 kB\nMemFree: 1 kB\n",
            )
            .file("proc/self/mountinfo", mounts)
            .file("proc/self/cgroup", groups)
    }

    fn file(self, path: &str, content: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn limit(&self) -> Option<u64> {
        let root = self.0.path();
        System { root }.group_limit()
    }
}

#[test]
fn a_process_without_limited_groups_has_no_limit() {
    assert_eq!(Machine::new("", "").limit(), None);
    let unlimited = Machine::new(V2, "0::/a.service\n");
    let unlimited = unlimited.file("sys/fs/cgroup/a.service/memory.max", "max\n");
    assert_eq!(unlimited.limit(), None);
    let empty = tempfile::tempdir().unwrap();
    let root = empty.path();
    assert_eq!(System { root }.group_limit(), None);
    assert!(machine_total() > 64 * MIB);
}

#[test]
fn the_smallest_limit_of_a_group_and_its_parents_counts() {
    let group = "0::/house.slice/hubgate.service\n";
    let service = "sys/fs/cgroup/house.slice/hubgate.service";
    let machine = Machine::new(V2, group);
    let machine = machine.file(&format!("{service}/memory.max"), "2147483648\n");
    assert_eq!(machine.limit(), Some(2048 * MIB));
    let machine = machine.file(&format!("{service}/memory.high"), "1073741824\n");
    assert_eq!(machine.limit(), Some(1024 * MIB));
    let machine = machine.file("sys/fs/cgroup/house.slice/memory.max", "67108864\n");
    assert_eq!(machine.limit(), Some(64 * MIB));
}

#[test]
fn a_limit_of_another_group_does_not_count() {
    let machine = Machine::new(V2, "0::/hubgate.service\n");
    let machine = machine.file("sys/fs/cgroup/other.service/memory.max", "67108864\n");
    let machine = machine.file("sys/fs/cgroup/hubgate.service/below/memory.max", "1\n");
    assert_eq!(machine.limit(), None);
}

#[test]
fn version_1_limits_where_it_has_the_memory_controller() {
    let mounts = format!("{V1}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    let groups = "5:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/docker/abc\n";
    let machine = Machine::new(&mounts, groups);
    let limit = "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes";
    let machine = machine.file(limit, "9223372036854771712\n");
    assert_eq!(machine.limit(), Some(9_223_372_036_854_771_712));
    let machine = machine.file(limit, "536870912\n");
    assert_eq!(machine.limit(), Some(512 * MIB));
}

#[test]
fn a_container_that_shows_only_its_own_group_has_the_limit_of_that_group() {
    let bound = V1.replace(" / /sys", " /docker/abc /sys");
    let machine = Machine::new(&bound, "4:memory:/docker/abc\n");
    let machine = machine.file("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    assert_eq!(machine.limit(), Some(512 * MIB));
    let outside = Machine::new(V2, "0::/../elsewhere\n");
    let outside = outside.file("sys/fs/cgroup/memory.max", "536870912\n");
    assert_eq!(outside.limit(), Some(512 * MIB));
}

//! Metrics of the process, from `/proc` (proc(5)).

use std::fs;

use super::{Family, Kind};

/// Ticks of a second in `/proc`, on every architecture of Linux (USER_HZ).
const TICKS: f64 = 100.0;

/// Returns the metrics that the system has; none without `/proc`.
pub(super) fn families() -> Vec<Family> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    vec![
        Family::new(
            Kind::Counter,
            "process_cpu_seconds",
            "Total user and system CPU time spent in seconds",
        )
        .with_some(cpu_seconds(&read("/proc/self/stat"))),
        Family::new(
            Kind::Gauge,
            "process_resident_memory_bytes",
            "Resident memory size in bytes",
        )
        .with_some(resident_bytes(&read("/proc/self/status"))),
        Family::new(
            Kind::Gauge,
            "process_open_fds",
            "Number of open file descriptors",
        )
        .with(Vec::new(), open as f64),
    ]
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    // The second field, the name, may have spaces and parentheses.
    let (_, fields) = stat.rsplit_once(") ")?;
    let times = fields.split(' ').skip(11).take(2);
    let ticks: Option<Vec<f64>> = times.map(|field| field.parse().ok()).collect();
    Some(ticks?.iter().sum::<f64>() / TICKS)
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_read_from_their_files() {
        let stat = "7 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 99";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2 kB\n"), Some(2048.0));
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(resident_bytes(""), None);
    }
}

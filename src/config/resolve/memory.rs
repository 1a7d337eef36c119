//! `limits.memory`: a size, or a share of the machine's memory.

use std::fs;

use super::quantity;

/// The least that two connections and their answers need.
const LEAST: u64 = MIB;
/// What `auto` never goes below.
const AUTO_LEAST: u64 = 32 * MIB;
/// What `auto` never goes above.
const AUTO_MOST: u64 = 512 * MIB;
/// The share of the machine's memory that `auto` takes.
const SHARE: u64 = 16;
const MIB: u64 = 1 << 20;

/// Reads `auto` or a size such as `64MiB`.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let bytes = match text {
        "auto" => share(machine_total()),
        _ => size(text)?,
    };
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

fn size(text: &str) -> Result<u64, String> {
    match quantity::size(text) {
        Some(bytes @ LEAST..) => Ok(bytes),
        Some(_) => Err(format!(
            "\"{text}\" is too little for two connections: write 1MiB or more"
        )),
        None => Err(format!(
            "\"{text}\" is no size: write auto, or a number with a unit, such as 64MiB"
        )),
    }
}

fn share(total: Option<u64>) -> u64 {
    let share = total.map_or(AUTO_LEAST, |total| total / SHARE);
    share.clamp(AUTO_LEAST, AUTO_MOST)
}

/// Bytes of memory that the machine has.
fn machine_total() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_a_sixteenth_of_the_machine_within_bounds() {
        assert_eq!(share(Some(4096 * MIB)), 256 * MIB);
        assert_eq!(share(Some(256 * MIB)), 32 * MIB);
        assert_eq!(share(Some(1 << 40)), 512 * MIB);
        assert_eq!(share(None), 32 * MIB);
        assert!(machine_total().unwrap() > MIB);
    }

    #[test]
    fn a_written_size_is_taken_as_it_is() {
        assert_eq!(limit("64MiB"), Ok(64 << 20));
        assert!(limit("off").unwrap_err().contains("is no size"));
        assert!(limit("1kB").unwrap_err().contains("too little"));
    }
}

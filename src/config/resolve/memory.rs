//! `limits.memory`: a size, or a share of the memory available to the process.

mod available;

use self::available::available;
use super::quantity;

/// The least that two connections and their answers need.
const LEAST: u64 = MIB;
/// What `auto` never goes below, unless that is more than [`MOST_SHARE`].
const AUTO_LEAST: u64 = 32 * MIB;
/// What `auto` never goes above.
const AUTO_MOST: u64 = 512 * MIB;
/// The share of the available memory that `auto` takes.
const SHARE: u64 = 16;
/// The largest share that `auto` takes: the process needs the rest.
const MOST_SHARE: u64 = 4;
const MIB: u64 = 1 << 20;

/// Reads `auto` or a size such as `64MiB`.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let bytes = match text {
        "auto" => share(available()),
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

fn share(available: u64) -> u64 {
    let least = AUTO_LEAST.min(available / MOST_SHARE).max(LEAST);
    (available / SHARE).clamp(least, AUTO_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_a_sixteenth_of_the_available_memory_within_bounds() {
        assert_eq!(share(4096 * MIB), 256 * MIB);
        assert_eq!(share(256 * MIB), 32 * MIB);
        assert_eq!(share(64 * MIB), 16 * MIB);
        assert_eq!(share(0), MIB);
        assert_eq!(share(1 << 40), 512 * MIB);
        assert!(available() > 32 * MIB);
    }

    #[test]
    fn a_written_size_is_taken_as_it_is() {
        assert_eq!(limit("64MiB"), Ok(64 << 20));
        assert!(limit("off").unwrap_err().contains("is no size"));
        assert!(limit("1kB").unwrap_err().contains("too little"));
    }
}

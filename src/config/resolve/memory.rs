//! `limits.memory`: a size, or a share of the memory available to the process.

mod available;

use self::available::available;
use super::quantity::Quantity;

/// Minimum, which two connections and their responses need.
const MIN: u64 = MIB;
/// Minimum of `auto`, unless that exceeds [`MAX_SHARE`] of the available memory.
const AUTO_MIN: u64 = 32 * MIB;
/// Maximum of `auto`.
const AUTO_MAX: u64 = 512 * MIB;
/// Divisor of the available memory for `auto`.
const SHARE: u64 = 16;
/// Divisor of the available memory for the largest share of `auto`; the process needs the rest.
const MAX_SHARE: u64 = 4;
const MIB: u64 = 1 << 20;

impl Quantity<'_> {
    /// Parses `auto`, or a size such as `64MiB`, in bytes.
    pub(super) fn memory_limit(self) -> Result<usize, String> {
        let bytes = match self.0 {
            "auto" => share(available()),
            _ => self.memory_size()?,
        };
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    fn memory_size(self) -> Result<u64, String> {
        let text = self.0;
        match self.bytes() {
            Some(bytes @ MIN..) => Ok(bytes),
            Some(_) => Err(format!(
                "\"{text}\" is too little for two connections: write 1MiB or more"
            )),
            None => Err(format!(
                "\"{text}\" is no size: write auto, or a number with a unit, such as 64MiB"
            )),
        }
    }
}

/// Returns the bytes that `auto` stands for.
fn share(available: u64) -> u64 {
    let min = AUTO_MIN.min(available / MAX_SHARE).max(MIN);
    (available / SHARE).clamp(min, AUTO_MAX)
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
        assert_eq!(Quantity("64MiB").memory_limit(), Ok(64 << 20));
        assert!(
            Quantity("off")
                .memory_limit()
                .unwrap_err()
                .contains("is no size")
        );
        assert!(
            Quantity("1kB")
                .memory_limit()
                .unwrap_err()
                .contains("too little")
        );
    }
}

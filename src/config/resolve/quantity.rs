//! Durations and sizes with their units.

use std::time::Duration;

/// A number with a unit, as written in `proxy.yaml`.
#[derive(Clone, Copy)]
pub(super) struct Quantity<'t>(pub(super) &'t str);

impl Quantity<'_> {
    /// Parses a duration such as `10s`, `5m`, `1h` or `365d`, of ten years at most so that no clock
    /// overflows.
    pub(super) fn duration(self) -> Result<Duration, String> {
        let text = self.0;
        let Some(seconds) = self.in_units(TIMES) else {
            return Err(format!(
                "\"{text}\" is no duration: write a number with s, m, h or d, such as 10s"
            ));
        };
        if seconds > MAX_SECONDS {
            return Err(format!("\"{text}\" is too long: write 3650d or less"));
        }
        Ok(Duration::from_secs(seconds))
    }

    /// Parses a duration that is not zero.
    pub(super) fn positive_duration(self) -> Result<Duration, String> {
        let duration = self.duration()?;
        if duration.is_zero() {
            return Err(format!(
                "\"{}\" leaves no time at all: write 1s or more",
                self.0
            ));
        }
        Ok(duration)
    }

    /// Parses a duration from `least` to `most`, which are written with units.
    pub(super) fn duration_between(self, least: &str, most: &str) -> Result<Duration, String> {
        self.bounded_duration((least, most), "")
    }

    /// Parses a duration from `least` to `most`, or `off`.
    pub(super) fn duration_or_off(
        self,
        least: &str,
        most: &str,
    ) -> Result<Option<Duration>, String> {
        match self.0 {
            "off" => Ok(None),
            _ => self.bounded_duration((least, most), ", or off").map(Some),
        }
    }

    /// Parses a duration within bounds; the message of a shorter one ends with `or`.
    fn bounded_duration(self, (least, most): (&str, &str), or: &str) -> Result<Duration, String> {
        let (text, duration) = (self.0, self.duration()?);
        if duration < Quantity(least).duration()? {
            return Err(format!(
                "\"{text}\" is too short: write {least} or more{or}"
            ));
        }
        if duration > Quantity(most).duration()? {
            return Err(format!("\"{text}\" is too long: write {most} or less"));
        }
        Ok(duration)
    }

    /// Parses a size such as `64MB` or `8KiB`, or `off`, which is no limit.
    pub(super) fn size_limit(self) -> Result<Option<u64>, String> {
        let text = self.0;
        if text == "off" {
            return Ok(None);
        }
        match self.bytes() {
            Some(0) => Err(format!(
                "\"{text}\" lets no body through: write 1B or more, or off for no limit"
            )),
            Some(bytes) => Ok(Some(bytes)),
            None => Err(format!(
                "\"{text}\" is no size: write a number with a unit, such as 64MB or 8KiB, or off"
            )),
        }
    }

    /// Parses a size such as `64MB` or `8KiB` in bytes; `None` if it is no size.
    pub(super) fn bytes(self) -> Option<u64> {
        self.in_units(SIZES)
    }

    /// Multiplies the number by its unit; `None` without one of them, or above 64 bits.
    fn in_units(self, units: &[(&str, u64)]) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = self.0.split_at(end);
        let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(*factor)
    }
}

const DAY: u64 = 24 * 3600;

const MAX_SECONDS: u64 = 3650 * DAY;

const TIMES: &[(&str, u64)] = &[("s", 1), ("m", 60), ("h", 3600), ("d", DAY)];

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(Quantity("75s").duration(), Ok(Duration::from_secs(75)));
        assert_eq!(
            Quantity("365d").duration(),
            Ok(Duration::from_secs(365 * 86400))
        );
        for odd in [
            "",
            "s",
            "10",
            "10 s",
            "-1s",
            "1.5h",
            "1h30m",
            "1ms",
            "99999999999999999999s",
        ] {
            assert!(
                Quantity(odd)
                    .duration()
                    .unwrap_err()
                    .contains("is no duration"),
                "{odd}"
            );
        }
        let long = Quantity("3651d").duration();
        assert!(long.unwrap_err().contains("too long"));
        let zero = Quantity("0s").positive_duration();
        assert!(zero.unwrap_err().contains("no time"));
    }

    #[test]
    fn a_size_is_a_number_and_a_unit_or_off() {
        assert_eq!(Quantity("64MB").size_limit(), Ok(Some(64_000_000)));
        assert_eq!(Quantity("8KiB").size_limit(), Ok(Some(8192)));
        assert_eq!(Quantity("off").size_limit(), Ok(None));
        for odd in ["", "MB", "64", "64 MB", "64m", "99999999999GiB"] {
            assert!(
                Quantity(odd)
                    .size_limit()
                    .unwrap_err()
                    .contains("is no size"),
                "{odd}"
            );
        }
        assert!(
            Quantity("0MB")
                .size_limit()
                .unwrap_err()
                .contains("off for no limit")
        );
    }
}

//! Durations and sizes with their units.

use std::time::Duration;

/// Reads `10s`, `5m`, `1h` or `365d`; ten years at most, so that no clock overflows.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = parse(text, &[("s", 1), ("m", 60), ("h", 3600), ("d", DAY)]);
    let Some(seconds) = seconds else {
        return Err(format!(
            "\"{text}\" is no duration: write a number with s, m, h or d, such as 10s"
        ));
    };
    if seconds > LONGEST {
        return Err(format!("\"{text}\" is too long: write 3650d or less"));
    }
    Ok(Duration::from_secs(seconds))
}

/// Reads a duration that is not zero.
pub(super) fn time_limit(text: &str) -> Result<Duration, String> {
    let limit = duration(text)?;
    if limit.is_zero() {
        return Err(format!(
            "\"{text}\" leaves no time at all: write 1s or more"
        ));
    }
    Ok(limit)
}

/// Reads `64MB`, `8KiB` or `off`, which is no limit.
pub(super) fn size_limit(text: &str) -> Result<Option<u64>, String> {
    if text == "off" {
        return Ok(None);
    }
    match parse(text, UNITS) {
        Some(0) => Err(format!(
            "\"{text}\" lets no body through: write 1B or more, or off for no limit"
        )),
        Some(bytes) => Ok(Some(bytes)),
        None => Err(format!(
            "\"{text}\" is no size: write a number with a unit, such as 64MB or 8KiB, or off"
        )),
    }
}

/// Reads `64MB` or `8KiB`; none for what is no size.
pub(super) fn size(text: &str) -> Option<u64> {
    parse(text, UNITS)
}

const DAY: u64 = 24 * 3600;

const LONGEST: u64 = 3650 * DAY;

const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A number times its unit; nothing without either, or above 64 bits.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(duration("75s"), Ok(Duration::from_secs(75)));
        assert_eq!(duration("365d"), Ok(Duration::from_secs(365 * 86400)));
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
                duration(odd).unwrap_err().contains("is no duration"),
                "{odd}"
            );
        }
        assert!(duration("3651d").unwrap_err().contains("too long"));
        assert!(time_limit("0s").unwrap_err().contains("no time"));
    }

    #[test]
    fn a_size_is_a_number_and_a_unit_or_off() {
        assert_eq!(size_limit("64MB"), Ok(Some(64_000_000)));
        assert_eq!(size_limit("8KiB"), Ok(Some(8192)));
        assert_eq!(size_limit("off"), Ok(None));
        for odd in ["", "MB", "64", "64 MB", "64m", "99999999999GiB"] {
            assert!(size_limit(odd).unwrap_err().contains("is no size"), "{odd}");
        }
        assert!(size_limit("0MB").unwrap_err().contains("off for no limit"));
    }
}

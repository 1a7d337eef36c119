//! Time spans in the unit that fits: `90 s`, `60 min`, `5 h`, `70 days`.

use std::fmt;

/// A time span in seconds, which may be negative.
pub(super) struct Span(pub(super) i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let seconds = self.0.unsigned_abs();
        match seconds {
            ..120 => write!(f, "{sign}{seconds} s"),
            120..7_200 => write!(f, "{sign}{} min", seconds / 60),
            7_200..172_800 => write!(f, "{sign}{} h", seconds / 3_600),
            _ => write!(f, "{sign}{} days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_fits() {
        for (seconds, expected) in [
            (90, "90 s"),
            (-3_600, "-60 min"),
            (47 * 3_600, "47 h"),
            (3 * 86_400, "3 days"),
        ] {
            assert_eq!(Span(seconds).to_string(), expected);
        }
    }
}

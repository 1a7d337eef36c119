//! Sizes and times of NGINX as `limits` of proxy.yaml.

use std::fmt;

use crate::nginx::{
    model::inheritance::UpstreamLevels, outcome::Outcome, read::directive::Position, report::Report,
};

/// Keys and values of `limits` that differ from hubgate's defaults.
pub(crate) type Limits = Vec<(&'static str, String)>;

/// Seconds of an hour.
const HOUR: u64 = 3600;
/// The longest time that hubgate accepts: ten years, in seconds.
const MAX_SECONDS: u64 = 3650 * 24 * HOUR;

impl UpstreamLevels<'_> {
    /// Returns the widest limits of all locations with an upstream, as hubgate has one set.
    pub(crate) fn limits(&self, at: &Position, report: &mut Report) -> Limits {
        let limits = [
            ("body", self.body(at, report)),
            ("idle", self.idle(report)),
            ("stream_idle", self.stream_idle(report)),
        ];
        limits
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }

    fn body(&self, at: &Position, report: &mut Report) -> Option<String> {
        let mut widest = None;
        let locations = self.0.iter();
        for directive in locations.filter_map(|levels| levels.inherited("client_max_body_size")) {
            let Some(size) = Size::parse(directive.parameter()) else {
                report.dropped(directive, "no size");
                continue;
            };
            report.kept(
                directive,
                "`limits.body`: the largest of all, as hubgate has one",
            );
            widest = widest.max(Some(size));
        }
        let Some(size) = widest else {
            report.record_note(
                Outcome::Changed,
                at,
                "client_max_body_size",
                "not set: NGINX accepts bodies of 1 MB, hubgate of 64 MB",
            );
            return None;
        };
        Some(size.to_string()).filter(|size| size != "64MB")
    }

    fn idle(&self, report: &mut Report) -> Option<String> {
        let directive = self.0.first()?.inherited("keepalive_timeout")?;
        let seconds = seconds(directive.parameter());
        let Some(seconds) = seconds.filter(|seconds| (1..=MAX_SECONDS).contains(seconds)) else {
            report.dropped(directive, "hubgate keeps idle connections for 75 seconds");
            return None;
        };
        report.kept(directive, "`limits.idle`");
        (seconds != 75).then(|| format!("{seconds}s"))
    }

    fn stream_idle(&self, report: &mut Report) -> Option<String> {
        const NAMES: [&str; 2] = ["proxy_read_timeout", "proxy_send_timeout"];
        let mut longest = HOUR;
        let timeouts = self
            .0
            .iter()
            .flat_map(|levels| NAMES.map(|name| levels.inherited(name)));
        for directive in timeouts.flatten() {
            let seconds = seconds(&directive.joined_parameters()).unwrap_or(0);
            longest = longest.max(seconds.min(MAX_SECONDS));
            match seconds {
                HOUR.. => report.kept(directive, "`limits.stream_idle`"),
                _ => report.changed(directive, "hubgate waits an hour, as events may be rare"),
            }
        }
        (longest > HOUR).then(|| format!("{longest}s"))
    }
}

/// A size in bytes; the largest one stands for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Size(u64);

impl Size {
    const UNLIMITED: Self = Self(u64::MAX);

    /// Parses a size of NGINX: a number of bytes, or of `k`, `m` or `g`; 0 for no limit.
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = match text.char_indices().last()? {
            (place, 'k' | 'K') => (&text[..place], 1 << 10),
            (place, 'm' | 'M') => (&text[..place], 1 << 20),
            (place, 'g' | 'G') => (&text[..place], 1 << 30),
            _ => (text, 1),
        };
        match number.parse::<u64>().ok()?.checked_mul(unit)? {
            0 => Some(Self::UNLIMITED),
            bytes => Some(Self(bytes)),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            u64::MAX => f.write_str("off"),
            64_000_000 => f.write_str("64MB"),
            bytes if bytes.is_multiple_of(1 << 30) => write!(f, "{}GiB", bytes >> 30),
            bytes if bytes.is_multiple_of(1 << 20) => write!(f, "{}MiB", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => write!(f, "{}KiB", bytes >> 10),
            bytes => write!(f, "{bytes}B"),
        }
    }
}

/// Parses a time of NGINX in seconds: numbers with `ms`, `s`, `m`, `h`, `d`, `w`, `M` or `y`, added
/// up.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut milliseconds: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        let after = &rest[end..];
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let unit = unit_milliseconds(&after[..unit_end])?;
        milliseconds = milliseconds.checked_add(number.checked_mul(unit)?)?;
        rest = after[unit_end..].trim_start();
    }
    Some(milliseconds / 1000)
}

fn unit_milliseconds(name: &str) -> Option<u64> {
    let seconds = match name {
        "ms" => return Some(1),
        "" | "s" => 1,
        "m" => 60,
        "h" => HOUR,
        "d" => 24 * HOUR,
        "w" => 7 * 24 * HOUR,
        "M" => 30 * 24 * HOUR,
        "y" => 365 * 24 * HOUR,
        _ => return None,
    };
    Some(seconds * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_parsed_as_in_nginx() {
        assert_eq!(seconds("3600"), Some(3600));
        assert_eq!(seconds("1h 30m"), Some(5400));
        assert_eq!(seconds("1d12h"), Some(36 * 3600));
        assert_eq!(seconds("500ms"), Some(0));
        assert_eq!((seconds("soon"), seconds("")), (None, None));
        let size = |text| Size::parse(text).map(|size| size.to_string());
        assert_eq!(size("10m").as_deref(), Some("10MiB"));
        assert_eq!(size("1500").as_deref(), Some("1500B"));
        assert_eq!((size("m"), size("999999999999g")), (None, None));
    }
}

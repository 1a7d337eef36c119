//! Sizes and times, in hubgate's units.

use super::{directive::At, levels::Levels, outcome::Outcome, report::Report};

/// What differs from hubgate's own limits: keys and values of `limits`.
pub(super) type Limits = Vec<(&'static str, String)>;

/// hubgate has one set of limits: the widest of all places with a hub.
pub(super) fn of(places: &[Levels<'_>], at: &At, report: &mut Report) -> Limits {
    let body = body(places, at, report);
    let idle = idle(places, report).map(|value| ("idle", value));
    let streams = streams(places, report).map(|value| ("stream_idle", value));
    body.map(|value| ("body", value))
        .into_iter()
        .chain(idle)
        .chain(streams)
        .collect()
}

fn body(places: &[Levels<'_>], at: &At, report: &mut Report) -> Option<String> {
    let mut widest = None;
    for directive in places
        .iter()
        .filter_map(|it| it.one("client_max_body_size"))
    {
        let Some(bytes) = bytes(directive.word()) else {
            report.dropped(directive, "no size");
            continue;
        };
        report.kept(
            directive,
            "`limits.body`: the largest of all, as hubgate has one",
        );
        // Zero is no limit.
        widest = widest.max(Some(if bytes == 0 { u64::MAX } else { bytes }));
    }
    let Some(bytes) = widest else {
        report.note(
            Outcome::Changed,
            at,
            "client_max_body_size",
            "not set: NGINX takes bodies of 1 MB, hubgate of 64 MB",
        );
        return None;
    };
    Some(size(bytes)).filter(|it| it != "64MB")
}

fn idle(places: &[Levels<'_>], report: &mut Report) -> Option<String> {
    let directive = places.first()?.one("keepalive_timeout")?;
    let seconds = seconds(directive.word()).filter(|it| (1..=LONGEST).contains(it));
    let Some(seconds) = seconds else {
        report.dropped(directive, "hubgate keeps connections for 75 seconds");
        return None;
    };
    report.kept(directive, "`limits.idle`");
    (seconds != 75).then(|| format!("{seconds}s"))
}

fn streams(places: &[Levels<'_>], report: &mut Report) -> Option<String> {
    let times = ["proxy_read_timeout", "proxy_send_timeout"];
    let all = places
        .iter()
        .flat_map(|it| times.iter().filter_map(|name| it.one(name)));
    let mut longest = HOUR;
    for directive in all {
        let seconds = seconds(&directive.text()).unwrap_or(0);
        longest = longest.max(seconds.min(LONGEST));
        match seconds {
            HOUR.. => report.kept(directive, "`limits.stream_idle`"),
            _ => report.changed(
                directive,
                "hubgate waits an hour, as events may be far between",
            ),
        }
    }
    (longest > HOUR).then(|| format!("{longest}s"))
}

const HOUR: u64 = 3600;
/// Ten years, which is what hubgate takes.
const LONGEST: u64 = 3650 * 24 * HOUR;

/// NGINX's sizes: a number of bytes, or of `k`, `m` or `g`.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = match text.char_indices().last()? {
        (place, 'k' | 'K') => (&text[..place], 1 << 10),
        (place, 'm' | 'M') => (&text[..place], 1 << 20),
        (place, 'g' | 'G') => (&text[..place], 1 << 30),
        _ => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn size(bytes: u64) -> String {
    match bytes {
        u64::MAX => "off".into(),
        64_000_000 => "64MB".into(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => format!("{bytes}B"),
    }
}

/// NGINX's times: numbers with `ms`, `s`, `m`, `h`, `d`, `w`, `M`, `y`, added up.
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
        milliseconds = milliseconds.checked_add(number.checked_mul(unit(&after[..unit_end])?)?)?;
        rest = after[unit_end..].trim_start();
    }
    Some(milliseconds / 1000)
}

fn unit(name: &str) -> Option<u64> {
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
    fn times_and_sizes_are_nginxs() {
        assert_eq!(seconds("3600"), Some(3600));
        assert_eq!(seconds("1h 30m"), Some(5400));
        assert_eq!(seconds("1d12h"), Some(36 * 3600));
        assert_eq!(seconds("500ms"), Some(0));
        assert_eq!((seconds("soon"), seconds("")), (None, None));
        assert_eq!(bytes("10m").map(size).as_deref(), Some("10MiB"));
        assert_eq!(bytes("1500").map(size).as_deref(), Some("1500B"));
        assert_eq!((bytes("m"), bytes("999999999999g")), (None, None));
    }
}

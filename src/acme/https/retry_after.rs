//! The earliest moment of the next request to a server, from `Retry-After`, and the dates of HTTP.

use http::{HeaderMap, header::RETRY_AFTER};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc2822};

/// Reads `Retry-After`: seconds from `now`, or a date (RFC 9110, 10.2.3).
pub(crate) fn from_headers(headers: &HeaderMap, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return now.checked_add(Duration::seconds(seconds.into()));
    }
    parse_date(value)
}

/// Parses a date in any of the three forms of HTTP (RFC 9110, 5.6.7).
pub(crate) fn parse_date(text: &str) -> Option<OffsetDateTime> {
    let preferred = OffsetDateTime::parse(text, &Rfc2822).ok().and_then(to_utc);
    preferred.or_else(|| {
        let obsolete = ObsoleteDate::parse_rfc_850(text);
        obsolete
            .or_else(|| ObsoleteDate::parse_asctime(text))?
            .to_utc()
    })
}

/// Converts a moment to UTC; none if its year is then outside the calendar.
pub(crate) fn to_utc(moment: OffsetDateTime) -> Option<OffsetDateTime> {
    moment.checked_to_offset(UtcOffset::UTC)
}

/// The fields of a date in one of HTTP's obsolete forms (RFC 9110, 5.6.7).
struct ObsoleteDate<'a> {
    day: &'a str,
    month: &'a str,
    /// Four digits.
    year: String,
    time: &'a str,
}

impl<'a> ObsoleteDate<'a> {
    /// Parses `Sunday, 06-Nov-94 08:49:37 GMT`; years below 70 are of the 21st century.
    fn parse_rfc_850(text: &'a str) -> Option<Self> {
        let (_, date) = text.split_once(", ")?;
        let (date, time) = date.split_once(' ')?;
        let [day, month, year] = date.split('-').collect::<Vec<_>>()[..] else {
            return None;
        };
        let century = if year.parse::<u8>().ok()? < 70 {
            20
        } else {
            19
        };
        Some(Self {
            day,
            month,
            year: format!("{century}{year}"),
            time: time.strip_suffix(" GMT")?,
        })
    }

    /// Parses `Sun Nov  6 08:49:37 1994`.
    fn parse_asctime(text: &'a str) -> Option<Self> {
        let [_, month, day, time, year] = text.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let year = year.to_owned();
        Some(Self {
            day,
            month,
            year,
            time,
        })
    }

    fn to_utc(&self) -> Option<OffsetDateTime> {
        let Self {
            day,
            month,
            year,
            time,
        } = self;
        let text = format!("{day:0>2} {month} {year} {time} +0000");
        OffsetDateTime::parse(&text, &Rfc2822).ok()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn header(value: &'static str) -> Option<OffsetDateTime> {
        let value = http::HeaderValue::from_static(value);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
        from_headers(&headers, datetime!(2026-11-25 12:00 UTC))
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        assert_eq!(header("90"), Some(datetime!(2026-11-25 12:01:30 UTC)));
        assert_eq!(
            header("Thu, 26 Nov 2026 10:00:00 GMT"),
            Some(datetime!(2026-11-26 10:00 UTC))
        );
        let then = Some(datetime!(1994-11-06 8:49:37 UTC));
        assert_eq!(header("Sunday, 06-Nov-94 08:49:37 GMT"), then);
        assert_eq!(header("Sun Nov  6 08:49:37 1994"), then);
        assert_eq!(
            header("Thursday, 26-Nov-26 10:00:00 GMT"),
            Some(datetime!(2026-11-26 10:00 UTC))
        );
        for malformed in [
            "",
            "soon",
            "Thursday, 26-Nov-x6 10:00:00 GMT",
            "Thu Nov 26 1994",
            "-5",
            "-99999999999",
            "9223372036854775807",
            "99999999999999999999",
            "Fri, 31 Dec 9999 23:00:00 -0200",
        ] {
            assert_eq!(header(malformed), None, "{malformed}");
        }
    }
}

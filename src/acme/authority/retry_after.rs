//! When the CA wants to be asked again: the header, or the date in its words.

use http::{HeaderMap, header::RETRY_AFTER};
use time::{
    Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::{
        BorrowedFormatItem,
        well_known::{Rfc2822, Rfc3339},
    },
    macros::format_description,
};

/// As Let's Encrypt writes it in its sentences, in UTC.
const IN_WORDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const IN_WORDS_LENGTH: usize = "2026-11-26 10:00:00".len();

/// The moment `Retry-After` names, as seconds from `now` or as a date (RFC 9110, 10.2.3).
pub(super) fn in_headers(headers: &HeaderMap, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return now.checked_add(Duration::seconds(seconds.into()));
    }
    date(value)
}

/// A date in any of the three forms of HTTP (RFC 9110, 5.6.7).
pub(super) fn date(text: &str) -> Option<OffsetDateTime> {
    let preferred = OffsetDateTime::parse(text, &Rfc2822).ok().and_then(in_utc);
    preferred
        .or_else(|| rfc_850(text))
        .or_else(|| asctime(text))
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`; a date of HTTP is none of before 1970.
fn rfc_850(text: &str) -> Option<OffsetDateTime> {
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
    rfc_2822(
        day,
        month,
        &format!("{century}{year}"),
        time.strip_suffix(" GMT")?,
    )
}

/// `Sun Nov  6 08:49:37 1994`.
fn asctime(text: &str) -> Option<OffsetDateTime> {
    let [_, month, day, time, year] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    rfc_2822(day, month, year, time)
}

fn rfc_2822(day: &str, month: &str, year: &str, time: &str) -> Option<OffsetDateTime> {
    let text = format!("{day:0>2} {month} {year} {time} +0000");
    OffsetDateTime::parse(&text, &Rfc2822).ok()
}

/// The same moment without its offset; none beyond the years that can be written.
pub(super) fn in_utc(moment: OffsetDateTime) -> Option<OffsetDateTime> {
    moment.checked_to_offset(UtcOffset::UTC)
}

/// The moment after "retry after" in a sentence.
pub(super) fn in_words(sentence: &str) -> Option<OffsetDateTime> {
    let (_, rest) = sentence.split_once("retry after ")?;
    let word = rest.split([' ', ',', '"']).next()?;
    let word = word.trim_end_matches(['.', ':']);
    if let Ok(moment) = OffsetDateTime::parse(word, &Rfc3339) {
        return in_utc(moment);
    }
    let moment = PrimitiveDateTime::parse(rest.get(..IN_WORDS_LENGTH)?, IN_WORDS);
    Some(moment.ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn header(value: &'static str) -> Option<OffsetDateTime> {
        let value = http::HeaderValue::from_static(value);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
        in_headers(&headers, datetime!(2026-11-25 12:00 UTC))
    }

    #[test]
    fn the_header_is_read_as_seconds_and_as_a_date() {
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
        for odd in [
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
            assert_eq!(header(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_date_is_found_in_the_sentence() {
        let moment = Some(datetime!(2026-11-26 10:00 UTC));
        for sentence in [
            "too many certificates (5) already issued, retry after 2026-11-26 10:00:00 UTC: see x",
            "too many new orders, retry after 2026-11-26T10:00:00Z: see x",
            "retry after 2026-11-26T10:00:00Z",
        ] {
            assert_eq!(in_words(sentence), moment, "{sentence}");
        }
        for odd in [
            "retry after a while",
            "retry after ",
            "retry after 2026-99-26 10:00:00",
            "retry after 9999-12-31T23:59:59-01:00",
            "é",
        ] {
            assert_eq!(in_words(odd), None, "{odd}");
        }
    }
}

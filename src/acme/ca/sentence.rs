//! The earliest moment of the next order, from a sentence of Let's Encrypt.

use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

use crate::acme::https::retry_after::to_utc;

/// The format of Let's Encrypt in sentences, in UTC.
const IN_SENTENCE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const IN_SENTENCE_LENGTH: usize = "2026-11-26 10:00:00".len();

/// Finds the moment that follows "retry after" in a sentence.
pub(super) fn retry_after(sentence: &str) -> Option<OffsetDateTime> {
    let (_, rest) = sentence.split_once("retry after ")?;
    let word = rest.split([' ', ',', '"']).next()?;
    let word = word.trim_end_matches(['.', ':']);
    if let Ok(moment) = OffsetDateTime::parse(word, &Rfc3339) {
        return to_utc(moment);
    }
    let moment = PrimitiveDateTime::parse(rest.get(..IN_SENTENCE_LENGTH)?, IN_SENTENCE);
    Some(moment.ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_sentence_names_the_moment_after_retry_after() {
        let moment = Some(datetime!(2026-11-26 10:00 UTC));
        for sentence in [
            "too many certificates (5) already issued, retry after 2026-11-26 10:00:00 UTC: see x",
            "too many new orders, retry after 2026-11-26T10:00:00Z: see x",
            "retry after 2026-11-26T10:00:00Z",
        ] {
            assert_eq!(retry_after(sentence), moment, "{sentence}");
        }
        for malformed in [
            "retry after a while",
            "retry after ",
            "retry after 2026-99-26 10:00:00",
            "retry after 9999-12-31T23:59:59-01:00",
            "é",
        ] {
            assert_eq!(retry_after(malformed), None, "{malformed}");
        }
    }
}

//! Properties of the enrolment form: its code, its size, and the link in the log.
//!
//! The reference parses application/x-www-form-urlencoded, as browsers write it.

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::{MOST_FORM, code, grow};
use crate::http::enrolment_link::{redacted, url};

/// Checks that any form's code has digits only, and equals the first field `code` as a browser
/// writes it; that a form has a size limit; and that a logged link has no secret.
pub fn enrolment_form(bytes: &[u8]) {
    let parsed = code(bytes);
    assert!(parsed.bytes().all(|byte| byte.is_ascii_digit()) && parsed.len() <= bytes.len());
    if let Some(typed) = typed(bytes) {
        assert_eq!(parsed, typed);
    }
    grows_no_further(bytes);
    hides_the_link(bytes);
}

/// The digits typed into the field, if it holds only digits and spaces.
fn typed(form: &[u8]) -> Option<String> {
    let fields = form.split(|byte| *byte == b'&');
    let mut codes = fields.filter_map(|field| field.strip_prefix(b"code="));
    let spaced: Vec<_> = codes
        .next()?
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let is_plain = spaced
        .windows(2)
        .all(|pair| pair[0] != b'%' || pair[1] == b'2');
    let typed: Vec<_> = percent_decode(&spaced).collect();
    let only = typed
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b' ');
    let digits = typed.iter().filter(|byte| byte.is_ascii_digit());
    (is_plain && only).then(|| digits.map(|byte| char::from(*byte)).collect())
}

fn grows_no_further(bytes: &[u8]) {
    let mut form = Vec::new();
    let pieces = bytes.chunks(100).map(Bytes::copy_from_slice);
    let fits = pieces
        .map(|piece| grow(&mut form, &piece))
        .all(|grown| grown.is_some());
    assert_eq!(fits, bytes.len() <= MOST_FORM);
    assert!(form.len() <= MOST_FORM + 100);
}

fn hides_the_link(bytes: &[u8]) {
    let secret = String::from_utf8_lossy(bytes);
    let link = url("", &secret);
    let target = link.strip_prefix("https://").unwrap_or_default();
    assert_eq!(redacted(target), redacted(&url("", "")["https://".len()..]));
}

//! The form of an invitation's page, read a second time as browsers write it
//! (URL standard, application/x-www-form-urlencoded).

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::{MOST_FORM, code, grow};
use crate::http::enrolment_link::{redacted, url};

/// Of whatever is posted, digits only are taken for a code: those of the first field of the name,
/// when a browser has written it. A link that is logged is none any more.
pub fn enrolment_form(bytes: &[u8]) {
    let read = code(bytes);
    assert!(read.bytes().all(|it| it.is_ascii_digit()) && read.len() <= bytes.len());
    if let Some(typed) = typed(bytes) {
        assert_eq!(read, typed);
    }
    grows_no_further(bytes);
    hides_the_link(bytes);
}

/// The digits that were typed into the field, when there is nothing but digits and spaces in it.
fn typed(form: &[u8]) -> Option<String> {
    let fields = form.split(|byte| *byte == b'&');
    let mut codes = fields.filter_map(|field| field.strip_prefix(b"code="));
    let spaced: Vec<_> = codes
        .next()?
        .iter()
        .map(|it| if *it == b'+' { b' ' } else { *it })
        .collect();
    let is_plain = spaced.windows(2).all(|it| it[0] != b'%' || it[1] == b'2');
    let typed: Vec<_> = percent_decode(&spaced).collect();
    let only = typed.iter().all(|it| it.is_ascii_digit() || *it == b' ');
    let digits = typed.iter().filter(|it| it.is_ascii_digit());
    (is_plain && only).then(|| digits.map(|it| char::from(*it)).collect())
}

fn grows_no_further(bytes: &[u8]) {
    let mut form = Vec::new();
    let pieces = bytes.chunks(100).map(Bytes::copy_from_slice);
    let fits = pieces
        .map(|piece| grow(&mut form, &piece))
        .all(|it| it.is_some());
    assert_eq!(fits, bytes.len() <= MOST_FORM);
    assert!(form.len() <= MOST_FORM + 100);
}

fn hides_the_link(bytes: &[u8]) {
    let secret = String::from_utf8_lossy(bytes);
    let link = url("", &secret);
    let target = link.strip_prefix("https://").unwrap_or_default();
    assert_eq!(redacted(target), redacted(&url("", "")["https://".len()..]));
}

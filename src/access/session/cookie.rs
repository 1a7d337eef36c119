//! The cookie of a session in the fields of a request or an answer (RFC 6265).

use crate::fields::{FieldName, Fields};

/// The cookie's name; browsers take one of this prefix from the host itself only, over TLS.
pub const NAME: &str = "__Host-hubgate";

/// The value of the cookie; none when there is not exactly one.
#[must_use]
pub fn value<'h>(fields: &Fields<'h>) -> Option<&'h [u8]> {
    let cookies = fields.all(FieldName::Cookie);
    let pairs = cookies.flat_map(|cookie| cookie.split(|byte| *byte == b';'));
    let mut ours = pairs.filter(|pair| is_ours(pair));
    let (only, None) = (ours.next()?, ours.next()) else {
        return None;
    };
    let value = only.splitn(2, |byte| *byte == b'=').nth(1)?;
    Some(value.trim_ascii())
}

/// The cookies without ours, each other byte for byte; none when it is not among them.
#[must_use]
pub fn without(field: &[u8]) -> Option<Vec<u8>> {
    let pairs = || field.split(|byte| *byte == b';');
    if !pairs().any(is_ours) {
        return None;
    }
    let others: Vec<_> = pairs().filter(|pair| !is_ours(pair)).collect();
    Some(others.join(&b';').trim_ascii_start().to_vec())
}

/// The field that sets the cookie for so many seconds.
///
/// `Lax` (RFC 6265bis, section 5.6.7.1): a browser then sends it for a link that is followed from
/// a mail or a chat, which with `Strict` would ask for the password again. It sends it for nothing
/// else of another site's; and what comes so, a page of another site neither reads nor makes act:
/// `access::origin` refuses frames, pictures and writes, and links to paths at which a GET acts.
pub(super) fn set(value: &str, seconds: u64) -> String {
    format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}

fn is_ours(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or(pair);
    name.trim_ascii() == NAME.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Option<String> {
        let fields = fields.iter().map(|field| ("Cookie", *field));
        let fields: Fields<'_> = fields.collect();
        value(&fields).map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn the_only_cookie_of_the_name_counts() {
        for fields in [
            &["__Host-hubgate=x"][..],
            &["a=1; __Host-hubgate=x; b=2"],
            &["a=1", "b=2; __Host-hubgate=x"],
            &["__Host-hubgate = x;"],
        ] {
            assert_eq!(read(fields).as_deref(), Some("x"), "{fields:?}");
        }
        for fields in [
            &[][..],
            &["a=__Host-hubgate; __host-hubgate=x; __Host-hubgate2=x"],
            &["__Host-hubgate=x; __Host-hubgate=x"],
            &["__Host-hubgate=x", "__Host-hubgate=y"],
            &["__Host-hubgate=x; __Host-hubgate"],
            &["__Host-hubgate"],
        ] {
            assert_eq!(read(fields), None, "{fields:?}");
        }
    }

    #[test]
    fn what_is_not_ours_stays_byte_for_byte() {
        for (field, left) in [
            ("a=1", None),
            ("a=\"x\u{ff}\";  b", None),
            ("__Host-hubgate2=x", None),
            ("__Host-hubgate=x", Some("")),
            ("__Host-hubgate=x; __Host-hubgate", Some("")),
            ("__Host-hubgate=x; a=1;b=\"2\"", Some("a=1;b=\"2\"")),
            ("a=1;  b=2; __Host-hubgate =x=y;c;", Some("a=1;  b=2;c;")),
            ("a=\u{ff}=; __Host-hubgate=x", Some("a=\u{ff}=")),
        ] {
            let found = without(field.as_bytes());
            assert_eq!(found.as_deref(), left.map(str::as_bytes), "{field}");
        }
    }
}

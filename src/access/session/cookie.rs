//! The session cookie in the fields of a request or a response (RFC 6265bis).

use crate::fields::{FieldName, Fields};

/// Name of the cookie; by its prefix, browsers accept it from the host itself over TLS only.
pub const NAME: &str = "__Host-hubgate";

/// Returns the value of the session cookie; `None` unless the request has exactly one.
#[must_use]
pub fn value<'h>(fields: &Fields<'h>) -> Option<&'h [u8]> {
    let mut own = fields
        .all(FieldName::Cookie)
        .flat_map(CookiePair::split)
        .filter(|pair| pair.is_own());
    let (only, None) = (own.next()?, own.next()) else {
        return None;
    };
    only.value()
}

/// Returns a `Cookie` field without the session cookie, the others byte for byte; `None` if the
/// field does not have it.
#[must_use]
pub fn without(field: &[u8]) -> Option<Vec<u8>> {
    if !CookiePair::split(field).any(CookiePair::is_own) {
        return None;
    }
    let others = CookiePair::split(field).filter(|pair| !pair.is_own());
    let others: Vec<_> = others.map(|pair| pair.0).collect();
    Some(others.join(&b';').trim_ascii_start().to_vec())
}

/// Returns the `Set-Cookie` value for a session of this many seconds.
///
/// With `SameSite=Lax` (RFC 6265bis, section 5.6.7.1) a browser sends the cookie for a link in a
/// mail or a chat; with `Strict` such a link would need the password again. No other request that
/// another site causes has the cookie. The pages of that site cannot read the response, and
/// `access::origin` refuses frames, images, writes, and links to paths at which a GET acts.
pub(super) fn set(value: &str, seconds: u64) -> String {
    format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}

/// One `name=value` of a `Cookie` field, with the white space around it.
#[derive(Clone, Copy)]
struct CookiePair<'h>(&'h [u8]);

impl<'h> CookiePair<'h> {
    fn split(field: &'h [u8]) -> impl Iterator<Item = Self> {
        field.split(|byte| *byte == b';').map(Self)
    }

    fn is_own(self) -> bool {
        let name = self.0.split(|byte| *byte == b'=').next().unwrap_or(self.0);
        name.trim_ascii() == NAME.as_bytes()
    }

    fn value(self) -> Option<&'h [u8]> {
        let value = self.0.splitn(2, |byte| *byte == b'=').nth(1)?;
        Some(value.trim_ascii())
    }
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
    fn exactly_one_session_cookie_is_read() {
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
    fn other_cookies_stay_byte_for_byte() {
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

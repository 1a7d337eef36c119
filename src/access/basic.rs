//! Credentials of the Basic scheme (RFC 7617), parsed strictly.
//!
//! Bearer and other schemes are not parsed: the hub verifies those. Debug output omits the
//! password.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::fields::{self, FieldName, Fields};

/// User and password as the client sent them, not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Basic {
    /// Text before the first colon; the user may be unknown.
    pub user: String,
    /// Text after the first colon.
    pub password: String,
}

/// Longest `Authorization` that is parsed, in bytes.
const MAX_HEADER: usize = 1024;

impl Basic {
    /// Parses the `Authorization` of a request.
    ///
    /// Returns `None` unless the request has exactly one, of this scheme and well-formed: base64
    /// with padding, UTF-8, a colon, no control characters, at most 1 KiB.
    #[must_use]
    pub fn from_request(fields: &Fields<'_>) -> Option<Self> {
        Self::parse(fields.only(FieldName::Authorization)?)
    }

    /// Reports whether the user is an API token of openHAB, which has no password.
    #[must_use]
    pub fn is_openhab_token(&self) -> bool {
        self.user.starts_with("oh.") && self.password.is_empty()
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let value = fields::text(value).filter(|value| value.len() <= MAX_HEADER)?;
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(token.trim_matches(' ')).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        if decoded.contains(char::is_control) {
            return None;
        }
        let (user, password) = decoded.split_once(':')?;
        Some(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut basic = formatter.debug_struct("Basic");
        basic.field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Option<(String, String)> {
        let values = values.iter().map(|value| ("Authorization", *value));
        let fields: Fields<'_> = values.collect();
        Basic::from_request(&fields).map(|basic| (basic.user, basic.password))
    }

    fn pair(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.to_owned(), password.to_owned()))
    }

    #[test]
    fn credentials_are_split_at_the_first_colon() {
        assert_eq!(read(&["Basic YW5uYTpzZWNyZXQ="]), pair("anna", "secret"));
        assert_eq!(read(&["bAsIc  YW5uYTpzZWNyZXQ="]), pair("anna", "secret"));
        assert_eq!(read(&["Basic YW5uYTpiOmM="]), pair("anna", "b:c"));
        assert_eq!(read(&["Basic OnNlY3JldA=="]), pair("", "secret"));
        assert_eq!(read(&["Basic YW5uYTpww6Rzcw=="]), pair("anna", "päss"));
    }

    #[test]
    fn malformed_credentials_are_ignored() {
        let long = format!("Basic {}", "YWFh".repeat(300));
        let cases = [
            "Bearer YW5uYTpzZWNyZXQ=",
            "Basic",
            "Basic ",
            "Basic YW5uYTpzZWNyZXQ",   // no padding
            "Basic YW5uYTpzZWNyZXR=",  // stray bits
            "Basic YW5uYQ==",          // no colon
            "Basic YW5uYTr/",          // not UTF-8
            "Basic YW5uYTphAGI=",      // NUL
            "Basic YW5u YTpzZWNyZXQ=", // two tokens
            "Basic\tYW5uYTpzZWNyZXQ=",
            long.as_str(),
        ];
        for value in cases {
            assert_eq!(read(&[value]), None, "{value}");
        }
        let anna = "Basic YW5uYTpzZWNyZXQ=";
        assert_eq!(read(&[anna, anna]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_password_is_never_printed() {
        let fields = Fields::from([("Authorization", "Basic YW5uYTpzZWNyZXQ=")]);
        let printed = format!("{:?}", Basic::from_request(&fields));
        assert!(printed.contains("anna") && !printed.contains("secret"));
    }
}

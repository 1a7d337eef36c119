//! A user and a password that are fit to be written into an htpasswd file.
//!
//! Stricter than `htpasswd`: nothing is taken that hubgate or a browser could not use afterwards.

use anyhow::Context;
use bcrypt::Version;

use crate::telemetry::is_invisible;

/// A user's name as it may stand before the colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// Why a name or a password is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No name.
    #[error("the user's name is empty: give it at least one character")]
    NoName,
    /// A name too long for `htpasswd`.
    #[error("the user's name has {0} bytes: it may have {MAX_NAME}")]
    LongName(usize),
    /// A name that would be read as another, or not at all.
    #[error("the user's name {0:?} {1}")]
    Name(String, &'static str),
    /// No password.
    #[error("the password is empty: anybody could guess it, choose another")]
    NoPassword,
    /// A password of which bcrypt would see the beginning only.
    #[error(
        "the password has {0} bytes: bcrypt reads {MAX_PASSWORD} and no more, choose a shorter"
    )]
    LongPassword(usize),
    /// A password that no browser can send.
    #[error("the password has a control character, which no login may have: choose another")]
    Control,
}

const MAX_NAME: usize = 255;
const MAX_PASSWORD: usize = 72;
/// 60 ms of a PC and a few times that of a small board, once for a reading of the file.
const COST: u32 = 10;

impl UserName {
    /// Takes a name that `htpasswd`, NGINX and hubgate read alike.
    ///
    /// # Errors
    /// It is empty, longer than 255 bytes, or has a colon, a character that is not seen, a `#` or space
    /// first, or a space last.
    pub fn parse(name: &str) -> Result<Self, Unfit> {
        let wrong = |what| Err(Unfit::Name(name.to_owned(), what));
        match name.len() {
            0 => return Err(Unfit::NoName),
            1..=MAX_NAME => {}
            length => return Err(Unfit::LongName(length)),
        }
        if name.contains(':') {
            return wrong("has a colon, which ends a name in the file: leave it out");
        }
        if name.contains(is_invisible) {
            return wrong("has an invisible character: leave it out");
        }
        if name.starts_with('#') {
            return wrong("begins with #, as a comment does: leave it out");
        }
        if name.trim() != name {
            return wrong("begins or ends with a space, which is not read: leave it out");
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes a new password with bcrypt, as `$2y$`, which `htpasswd` and NGINX read too.
///
/// # Errors
/// The password is [`Unfit`], or the system gives no random salt.
pub fn hash(password: &str) -> anyhow::Result<String> {
    check(password)?;
    let hashed = bcrypt::hash_with_result(password, COST).context("hashing the password")?;
    Ok(hashed.format_for_version(Version::TwoY))
}

fn check(password: &str) -> Result<(), Unfit> {
    if password.is_empty() {
        return Err(Unfit::NoPassword);
    }
    if password.len() > MAX_PASSWORD {
        return Err(Unfit::LongPassword(password.len()));
    }
    if password.contains(char::is_control) {
        return Err(Unfit::Control);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::password::hash::Hash;

    #[test]
    fn a_name_that_would_be_read_as_another_is_refused() {
        for name in [
            "",
            "a:b",
            "a\nb",
            "an\u{202e}na",
            "\u{feff}anna",
            "anna\u{200b}",
            "#anna",
            " anna",
            "anna ",
            "\u{a0}anna",
        ] {
            assert!(UserName::parse(name).is_err(), "{name:?}");
        }
        assert!(UserName::parse(&"a".repeat(256)).is_err());
        for name in ["anna", "Händi 1", "a#b", &"a".repeat(255)] {
            assert_eq!(UserName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_password_counts_to_its_last_byte() {
        let longest = "x".repeat(MAX_PASSWORD);
        let hashed = Hash::parse(&hash(&longest).unwrap()).unwrap();
        assert!(hashed.verify(longest.as_bytes()));
        assert!(!hashed.verify(&longest.as_bytes()[1..]));
        for password in ["", "a\tb", &"ü".repeat(37)] {
            assert!(hash(password).is_err(), "{password:?}");
        }
    }
}

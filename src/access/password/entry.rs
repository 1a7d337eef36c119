//! Checks of a user name and a password before they are written to an htpasswd file.
//!
//! They are stricter than those of `htpasswd`: hubgate, NGINX and browsers must be able to use the
//! entry.

use anyhow::Context;
use bcrypt::Version;

use crate::telemetry::is_invisible;

/// A user name that is valid before the colon of an htpasswd line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// The reason for which a user name or a password is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Empty name.
    #[error("the user name is empty: give it at least one character")]
    NoName,
    /// Name that is too long for `htpasswd`.
    #[error("the user name has {0} bytes: choose one of at most {MAX_NAME}")]
    LongName(usize),
    /// Name that would be read as another, or not at all.
    #[error("the user name {0:?} {1}")]
    Name(String, &'static str),
    /// Empty password.
    #[error("the password is empty: give it at least one character")]
    NoPassword,
    /// Password that bcrypt would truncate.
    #[error("the password has {0} bytes, and bcrypt reads {MAX_PASSWORD}: choose a shorter one")]
    LongPassword(usize),
    /// Password that RFC 7617 does not allow.
    #[error("the password has a control character, which RFC 7617 forbids: choose another")]
    Control,
}

const MAX_NAME: usize = 255;
const MAX_PASSWORD: usize = 72;
/// Cost of a hash: 60 ms on a PC and a few times that on a small board.
const COST: u32 = 10;

impl UserName {
    /// Parses a name that `htpasswd`, NGINX and hubgate read alike.
    ///
    /// # Errors
    /// The name is empty, longer than 255 bytes, has a colon or an invisible character, begins with
    /// `#` or a space, or ends with a space.
    pub fn parse(name: &str) -> Result<Self, Unfit> {
        let unfit = |cause| Err(Unfit::Name(name.to_owned(), cause));
        match name.len() {
            0 => return Err(Unfit::NoName),
            1..=MAX_NAME => {}
            length => return Err(Unfit::LongName(length)),
        }
        if name.contains(':') {
            return unfit("has a colon, which ends a name in the file: leave it out");
        }
        if name.contains(is_invisible) {
            return unfit("has an invisible character: leave it out");
        }
        if name.starts_with('#') {
            return unfit("begins with #, which begins a comment in the file: leave it out");
        }
        if name.trim() != name {
            return unfit("begins or ends with a space, which some programs drop: leave it out");
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes a new password with bcrypt, as `$2y$`, which `htpasswd` and NGINX read too.
///
/// # Errors
/// The password is [`Unfit`], or the system provides no random salt.
pub fn hash(password: &str) -> anyhow::Result<String> {
    Unfit::check_password(password)?;
    let hashed = bcrypt::hash_with_result(password, COST).context("hashing the password")?;
    Ok(hashed.format_for_version(Version::TwoY))
}

impl Unfit {
    fn check_password(password: &str) -> Result<(), Self> {
        if password.is_empty() {
            return Err(Self::NoPassword);
        }
        if password.len() > MAX_PASSWORD {
            return Err(Self::LongPassword(password.len()));
        }
        if password.contains(char::is_control) {
            return Err(Self::Control);
        }
        Ok(())
    }
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
    fn every_byte_of_a_password_is_significant() {
        let longest = "x".repeat(MAX_PASSWORD);
        let hashed = Hash::parse(&hash(&longest).unwrap()).unwrap();
        assert!(hashed.verify(longest.as_bytes()));
        assert!(!hashed.verify(&longest.as_bytes()[1..]));
        for password in ["", "a\tb", &"ü".repeat(37)] {
            assert!(hash(password).is_err(), "{password:?}");
        }
    }
}

//! Refusals of password hashes, each with its remedy.

/// The reason for which a password hash is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Empty hash.
    #[error("no hash after the colon: set a password with `hubgate user passwd`")]
    Empty,
    /// Known format that is not supported.
    #[error("{0} is not supported: set a new password with `hubgate user passwd`")]
    Unsupported(&'static str),
    /// Malformed hash of a supported format.
    #[error("not a well-formed {0} hash: set a new password with `hubgate user passwd`")]
    Malformed(&'static str),
    /// Hash with more work than a login may take.
    #[error("{work} {cost} would hold up every login: make a new hash with at most {limit}")]
    TooCostly {
        /// Format, and unit of its work.
        work: &'static str,
        /// Work of the hash.
        cost: u32,
        /// Limit of the work.
        limit: u32,
    },
    /// Unknown format.
    #[error("not a password hash hubgate knows: set a new password with `hubgate user passwd`")]
    Unknown,
}

impl Refused {
    /// Returns the refusal of a hash of no supported format. 13 characters of the crypt alphabet
    /// are crypt(3) DES, which uses only 8 characters of a password.
    pub(super) fn unsupported(hash: &str) -> Self {
        let is_crypt = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
        if hash.len() == 13 && hash.bytes().all(is_crypt) {
            return Self::Unsupported("crypt(3) DES");
        }
        Self::Unknown
    }
}

/// The most work of a hash of one format.
pub(super) struct WorkLimit {
    /// Format, and unit of the work.
    pub(super) work: &'static str,
    /// Most units.
    pub(super) limit: u32,
}

impl WorkLimit {
    /// Refuses a hash that costs more.
    pub(super) fn check(&self, cost: u32) -> Result<(), Refused> {
        let Self { work, limit } = *self;
        if cost > limit {
            return Err(Refused::TooCostly { work, cost, limit });
        }
        Ok(())
    }
}

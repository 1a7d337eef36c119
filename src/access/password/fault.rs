//! Faults of the lines of an htpasswd file.

use super::refused::Refused;

/// The fault of a line without a usable user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {cause}")]
pub struct Fault {
    /// Number of the line, from 1.
    pub line: usize,
    /// Cause of the fault.
    pub cause: Cause,
}

/// The cause for which a line has no usable user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Bytes that are not UTF-8.
    #[error("not utf-8: write the user's name in utf-8")]
    NotUtf8,
    /// Line without a colon.
    #[error("no colon: a line is user:hash")]
    NoColon,
    /// Empty user name.
    #[error("no user before the colon: a line is user:hash")]
    NoUser,
    /// User of an earlier line.
    #[error("user {user:?} is on line {first} already, which counts: remove one of them")]
    Duplicate {
        /// Name of the user.
        user: String,
        /// Earlier line, which counts.
        first: usize,
    },
    /// Hash that is refused.
    #[error("user {user:?}: {refused}")]
    Hash {
        /// Name of the user.
        user: String,
        /// Reason for the refusal.
        refused: Refused,
    },
}

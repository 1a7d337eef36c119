//! What is wrong with a line of an htpasswd file, in words for its owner.

use super::refused::Refused;

/// A line that lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {cause}")]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Bytes that are no text.
    #[error("not utf-8: write the user's name in utf-8")]
    NotUtf8,
    /// No user and hash.
    #[error("no colon: a line is user:hash")]
    NoColon,
    /// Nothing before the colon.
    #[error("no user before the colon: a line is user:hash")]
    NoUser,
    /// The user of an earlier line.
    #[error("user {user:?} is on line {first} already, which counts: remove one of them")]
    Duplicate {
        /// The user.
        user: String,
        /// The line that counts.
        first: usize,
    },
    /// A hash that is not taken.
    #[error("user {user:?}: {refused}")]
    Hash {
        /// The user.
        user: String,
        /// Why.
        refused: Refused,
    },
}

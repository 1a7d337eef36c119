//! The causes for which a password hash is refused, each with its cure.

/// Why a hash is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing after the colon.
    #[error("no hash after the colon: set a password with `hubgate user passwd`")]
    Empty,
    /// A format that is recognised and not taken.
    #[error("{0} is not supported: set a new password with `hubgate user passwd`")]
    Unsupported(&'static str),
    /// A supported format, wrongly written.
    #[error("not a well-formed {0} hash: set a new password with `hubgate user passwd`")]
    Malformed(&'static str),
    /// More work than a login may take.
    #[error("{work} {cost} would hold up every login: make a new hash with at most {limit}")]
    TooCostly {
        /// The format and what its work is counted in.
        work: &'static str,
        /// What the hash asks for.
        cost: u32,
        /// The most that is taken.
        limit: u32,
    },
    /// Neither a supported format nor a known other one.
    #[error("not a password hash hubgate knows: set a new password with `hubgate user passwd`")]
    Unknown,
}

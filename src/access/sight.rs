//! The factors that a rule finds in a request before a password is verified.

use super::{factors::Factors, session::Account};
use crate::tls::{Identity, Reason};

/// The factors that a rule finds in a request before a password is verified.
#[derive(Default)]
pub(super) struct Sight {
    pub(super) held: Factors,
    /// The identity of the connection's certificate.
    pub(super) identity: Option<Identity>,
    /// The identity of the session's certificate.
    pub(super) remembered: Option<Identity>,
    /// The account whose password began the session.
    pub(super) account: Option<Account>,
    /// The cause for which the connection's certificate counts for nothing.
    pub(super) invalid: Option<Reason>,
}

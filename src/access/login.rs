//! The result of verifying the password of a request.

use std::time::Duration;

use super::session::Account;

/// The result of verifying the password of a request.
pub(super) enum Login {
    /// The request has no password, or the rule verifies none.
    None,
    /// The password of this account.
    Right(Account),
    /// An unknown user, or a wrong password.
    Wrong,
    /// Not verified; the next try is possible after this time.
    Throttled(Duration),
}

impl Login {
    /// Returns the account of a correct password.
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Right(account) => Some(account),
            _ => None,
        }
    }

    /// Reports whether the login failed.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Wrong)
    }

    /// Turns a throttled login into none, for a client that is admitted without a password.
    pub(super) fn without_throttling(self) -> Self {
        match self {
            Self::Throttled(_) => Self::None,
            login => login,
        }
    }
}

//! The result of a look at the password that a request brought.

use std::time::Duration;

use super::session::Account;

/// The result of a look at the password that a request brought.
pub(super) enum Login {
    /// It brought none that is looked at here.
    None,
    /// The password is this account's.
    Right(Account),
    /// There is no such user, or the password is another.
    Wrong,
    /// It was not looked at, and will not be for so long.
    Throttled(Duration),
}

impl Login {
    /// The account whose password was right.
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Right(account) => Some(account),
            _ => None,
        }
    }

    /// Whether it was a failed attempt.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Wrong)
    }

    /// The same for a client that is let in anyway: it may guess on, and what is not looked at is
    /// no attempt.
    pub(super) fn looked_at(self) -> Self {
        match self {
            Self::Throttled(_) => Self::None,
            login => login,
        }
    }
}

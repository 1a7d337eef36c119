//! The evidence that an exchange was admitted by, kept so that it can be judged again.
//!
//! A password is kept as the entry of the file that it was right for: judging it again hashes
//! nothing, and a changed or removed entry is no evidence any more.

use super::{
    password::Passwords,
    session::{Account, Session},
};

/// The evidence of one admitted request besides its address and its connection's certificate.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Accounts whose passwords the request brought.
    brought: Vec<Account>,
    /// Accounts that its session was of.
    remembered: Vec<Account>,
    /// The certificate that its session was of, as [`Identity::key`] gives it.
    ///
    /// [`Identity::key`]: crate::tls::Identity::key
    certificate: Option<[u8; 32]>,
}

/// Evidence from before the request, or from its beginning.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// There is none.
    Nothing,
    /// The request belongs to a session.
    Session(&'a Session<'a>),
    /// The request was admitted before.
    Admitted {
        /// By this.
        evidence: &'a Evidence,
        /// Whether its session has not ended.
        session_lasts: bool,
    },
}

impl Evidence {
    /// Evidence of a visitor before any rule was asked.
    pub(super) fn of(known: Known<'_>) -> Self {
        Self {
            certificate: known.certificate().copied(),
            ..Self::default()
        }
    }

    /// Adds the accounts that one rule found: the one brought, and the one remembered.
    pub(super) fn add(&mut self, brought: Option<&Account>, remembered: Option<&Account>) {
        self.brought.extend(brought.cloned());
        self.remembered.extend(remembered.cloned());
    }
}

impl Known<'_> {
    /// The account of this file whose password was right, if the file still has its entry.
    pub(super) fn account(&self, passwords: &Passwords) -> Option<Account> {
        let is_current = |account: &&Account| {
            passwords.fingerprint(&account.user).as_ref() == Some(&account.fingerprint)
        };
        match self {
            Self::Nothing => None,
            Self::Session(session) => session.account(passwords),
            Self::Admitted {
                evidence,
                session_lasts,
            } => {
                let remembered = evidence.remembered.iter().filter(|_| *session_lasts);
                let mut accounts = evidence.brought.iter().chain(remembered);
                accounts.find(is_current).cloned()
            }
        }
    }

    /// The certificate of the session, as [`Identity::key`] gives it.
    ///
    /// [`Identity::key`]: crate::tls::Identity::key
    pub(super) fn certificate(&self) -> Option<&[u8; 32]> {
        match self {
            Self::Nothing => None,
            Self::Session(session) => session.certificate(),
            Self::Admitted {
                evidence,
                session_lasts,
            } => evidence.certificate.as_ref().filter(|_| *session_lasts),
        }
    }
}

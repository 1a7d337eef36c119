//! The evidence by which an exchange was admitted, stored for re-evaluation.
//!
//! A verified password is stored as the fingerprint of its htpasswd entry: re-evaluation hashes no
//! password, and a changed or removed entry is no evidence any more.

use super::{
    password::Passwords,
    session::{Account, Session},
};

/// The evidence of an admitted request, besides its address and its connection's certificate.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Accounts of the request's own password.
    presented: Vec<Account>,
    /// Accounts of its session.
    from_session: Vec<Account>,
    /// [`Identity::key`] of its session's certificate.
    ///
    /// [`Identity::key`]: crate::tls::Identity::key
    certificate: Option<[u8; 32]>,
}

/// Evidence that exists before a rule is evaluated.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// No evidence.
    Nothing,
    /// Session of the request.
    Session(&'a Session<'a>),
    /// Earlier admission of the same request.
    Admitted {
        /// Evidence of that admission.
        evidence: &'a Evidence,
        /// The session of the request has not ended.
        session_lasts: bool,
    },
}

impl Evidence {
    /// Returns the evidence before any rule is evaluated.
    pub(super) fn from_known(known: Known<'_>) -> Self {
        Self {
            certificate: known.certificate().copied(),
            ..Self::default()
        }
    }

    /// Adds the accounts that one rule accepted, of the request's own password and of the session.
    pub(super) fn add(&mut self, presented: Option<&Account>, from_session: Option<&Account>) {
        self.presented.extend(presented.cloned());
        self.from_session.extend(from_session.cloned());
    }
}

impl Known<'_> {
    /// Returns a known account of this htpasswd file, if the file still has the same entry.
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
                let from_session = evidence.from_session.iter().filter(|_| *session_lasts);
                let mut accounts = evidence.presented.iter().chain(from_session);
                accounts.find(is_current).cloned()
            }
        }
    }

    /// Returns the [`Identity::key`] of the session's certificate.
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

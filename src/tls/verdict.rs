//! The verdict of a client CA on a chain.

use std::time::SystemTime;

use super::{ClientAuth, span::ValidityPeriod};

/// The verdict of one CA on a chain, and the period in which it holds.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) auth: ClientAuth,
    pub(super) validity: ValidityPeriod,
}

impl Verdict {
    /// Returns the result of client authentication if the verdict holds now.
    pub(super) fn at(&self, now: SystemTime) -> Option<ClientAuth> {
        self.validity.contains(now).then(|| self.auth.clone())
    }
}

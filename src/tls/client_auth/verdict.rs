//! The verdict of a client CA on a chain.

use std::time::SystemTime;

use super::validity_period::ValidityPeriod;
use crate::tls::ClientAuth;

/// The verdict of one CA on a chain, and the period in which it holds.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) auth: ClientAuth,
    pub(crate) validity: ValidityPeriod,
}

impl Verdict {
    /// Returns the result of client authentication if the verdict holds now.
    pub(crate) fn at(&self, now: SystemTime) -> Option<ClientAuth> {
        self.validity.contains(now).then(|| self.auth.clone())
    }
}

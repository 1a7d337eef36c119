//! What a connection's client certificate is worth.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::{ClientCa, Identity, Reason};

/// What a connection's client certificate is worth; NGINX's `$ssl_client_verify`.
///
/// Only a valid one has an identity: the names in any other are unreachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// The client was not asked, or had none.
    Absent,
    /// The CA signed it and it holds now.
    Valid(Identity),
    /// It does not count, and why.
    Invalid(Reason),
}

impl ClientAuth {
    /// Judges the chain a client proved to own, leaf first; empty if it showed none.
    #[must_use]
    pub fn of(chain: &[CertificateDer<'_>], ca: &ClientCa, now: SystemTime) -> Self {
        if chain.is_empty() {
            return Self::Absent;
        }
        ca.judge(chain, now).map_or_else(Self::Invalid, Self::Valid)
    }
}

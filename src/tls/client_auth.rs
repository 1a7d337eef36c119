//! Client authentication by certificates (RFC 5280, section 6).
//!
//! In the handshake `key_possession` verifies that the client holds the key. `client_chain` stores
//! the presented certificates, and `client_ca` validates them for a rule: `path_building` finds the
//! CAs, `path_validation` and `path_revocation` check the path. [`ClientAuth`] is the result.

pub(crate) mod ca;
pub(crate) mod client_ca;
pub(crate) mod client_chain;
pub(crate) mod identity;
pub(crate) mod key_possession;
pub(crate) mod path_building;
pub(crate) mod path_revocation;
pub(crate) mod path_validation;
pub(crate) mod revocation_list;
pub(crate) mod trust_store;
pub(crate) mod validity_period;
pub(crate) mod verdict;
pub(crate) mod verdict_cache;
pub(crate) mod version_1;

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::{ClientCa, ClientCertificateError, Identity};

/// The result of client authentication; NGINX's `$ssl_client_verify`.
///
/// Only a valid certificate has an identity: the names in any other are unreachable by type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// No certificate was requested, or the client has none.
    Absent,
    /// The CA signed the certificate, and it is valid now.
    Valid(Identity),
    /// The certificate is not accepted, for this reason.
    Invalid(ClientCertificateError),
}

impl ClientAuth {
    /// Validates the chain of a client, leaf first; an empty chain is [`Self::Absent`].
    ///
    /// The caller has verified that the client holds the leaf's key.
    #[must_use]
    pub fn of(chain: &[CertificateDer<'_>], ca: &ClientCa, now: SystemTime) -> Self {
        if chain.is_empty() {
            return Self::Absent;
        }
        ca.validate(chain, now)
            .map_or_else(Self::Invalid, Self::Valid)
    }
}

//! What the handshake found out about a client's certificate.
//!
//! Only the outcome: the chain was verified, or not, against the CA of one
//! rule. The subject of an invalid chain cannot be reached through it.

use std::fmt;

/// The verdict on the certificate of a connection, for the CA of one rule.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// None was sent, or none was asked for.
    Absent,
    /// Signed by the rule's CA, in date, for clients, not revoked, allowed.
    Valid(Identity),
    /// Sent, and not to be trusted.
    Invalid(Reason),
}

/// Whom a valid certificate names.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The common name, a label for people.
    pub common_name: String,
}

/// Why a certificate is not trusted, as told to the person who holds it.
#[derive(Clone, Debug)]
pub struct Reason(pub String);

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

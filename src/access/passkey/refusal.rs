//! Refusals of ceremonies, each with the step of the specification that failed.
//!
//! Steps are those of Web Authentication Level 3, section 7.1 (registration) and section 7.2
//! (assertion). The client receives none of these texts: they are for the log.

use super::{cbor::CborError, public_key::KeyError};

/// The reason for which the response of a ceremony is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// The response is not the JSON of a `PublicKeyCredential` within the bounds (7.1 and 7.2, step
    /// 3).
    #[error("the response is malformed or too long")]
    Response,
    /// The client data is not the JSON of client data (7.1, step 6; 7.2, step 9).
    #[error("the client data is malformed")]
    ClientData,
    /// The type is that of another ceremony (7.1, step 7; 7.2, step 10).
    #[error("the response belongs to another kind of ceremony")]
    Type,
    /// The challenge is unknown, used, expired, or issued for another site, user or purpose (7.1,
    /// step 8; 7.2, step 11).
    #[error("the challenge is unknown, used or expired, or was issued for another purpose")]
    Challenge,
    /// The page has another origin (7.1, step 9; 7.2, step 12).
    #[error("the origin of the page is not that of the site")]
    Origin,
    /// The page was in a frame of another origin (7.1, step 10; 7.2, step 13).
    #[error("the page was in a frame of another origin")]
    CrossOrigin,
    /// The page names the origin that embeds it (7.1, step 11; 7.2, step 14).
    #[error("the page names an origin that embeds it")]
    TopOrigin,
    /// The attestation object is not the expected CBOR (7.1, step 13).
    #[error("the attestation object is malformed: {0}")]
    Attestation(#[from] CborError),
    /// The authenticator data is malformed (7.1, step 13; 7.2, step 7).
    #[error("the authenticator data is malformed")]
    AuthenticatorData,
    /// The authenticator acted for another RP ID (7.1, step 14; 7.2, step 15).
    #[error("the authenticator acted for another RP ID")]
    RpIdHash,
    /// The flag UP is not set (7.1, step 15; 7.2, step 16).
    #[error("the user was not present")]
    UserNotPresent,
    /// The flag UV is not set (7.1, step 16; 7.2, step 17).
    #[error("the user was not verified")]
    UserNotVerified,
    /// The flag BS is set without BE (7.1, step 17; 7.2, step 18).
    #[error("the passkey is backed up but not eligible for it")]
    BackupState,
    /// The key is malformed or of an algorithm that is not offered (7.1, step 20).
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The attestation statement is invalid (7.1, steps 21 and 22).
    #[error("the attestation statement is invalid")]
    AttestationStatement,
    /// The identifier is empty or longer than 1023 bytes (7.1, step 25).
    #[error("the identifier of the passkey is empty or too long")]
    CredentialIdLength,
    /// The identifier of the response and that of the authenticator differ.
    #[error("the response names another passkey than the authenticator")]
    CredentialIdMismatch,
    /// The identifier is registered already, for any user (7.1, step 26).
    #[error("the passkey is registered already")]
    AlreadyRegistered,
    /// The browser reports that the passkey cannot be found without its identifier (section
    /// 10.1.3).
    #[error("the passkey is not discoverable")]
    NotDiscoverable,
    /// The register is full.
    #[error("the register has no room for another passkey")]
    RegisterFull,
    /// No passkey of this RP ID and user has the identifier (7.2, step 6).
    #[error("no such passkey of this site and user")]
    UnknownCredential,
    /// The passkey was revoked.
    #[error("the passkey was revoked")]
    Revoked,
    /// The flag BE differs from that of the registration (7.2, step 19).
    #[error("the eligibility for backup has changed")]
    BackupEligibility,
    /// The signature is not one of the passkey's key over these data (7.2, step 21).
    #[error("the signature is invalid")]
    Signature,
    /// The signature counter has not grown (7.2, step 22): the authenticator may be cloned.
    ///
    /// The specification leaves the consequence to the relying party. hubgate refuses if the
    /// passkey stays on one authenticator (BE is not set): its counter grows with each use, so the
    /// response is older than an accepted one or comes from a copy. The stored counter stays, so
    /// the original works again once it is ahead. Copies of a synchronized passkey count each for
    /// itself, if at all: see [`SignCount::Behind`](super::register::SignCount::Behind).
    #[error(
        "the signature counter is {received}, and {stored} was seen before: the authenticator may be cloned"
    )]
    Counter {
        /// Highest counter of the accepted assertions.
        stored: u32,
        /// Counter of this assertion.
        received: u32,
    },
}

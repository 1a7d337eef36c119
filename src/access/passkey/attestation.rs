//! Attestation objects (section 6.5.4).

use super::{
    cbor::{CborError, CborMap, Label},
    refusal::CeremonyError,
};

/// Longest attestation object, in bytes; statements of TPMs and phones have certificate chains.
pub(super) const MAX_ATTESTATION: usize = 32 * 1024;
/// Longest name of a format, in bytes (section 8.1).
const MAX_FORMAT: usize = 32;

/// An attestation object; its statement was parsed and is not verified.
pub(super) struct AttestationObject<'b> {
    /// Encoded authenticator data.
    pub(super) authenticator_data: &'b [u8],
}

impl<'b> AttestationObject<'b> {
    /// Parses an object (section 7.1, steps 13, 21 and 22).
    ///
    /// No statement is verified: the options request none, and the trust in a new passkey is that
    /// in its invitation. A statement of the format `none` has to be empty (section 8.7).
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Self, CeremonyError> {
        if bytes.len() > MAX_ATTESTATION {
            return Err(CborError::TooLarge.into());
        }
        let object = CborMap::read(bytes)?;
        let format = object.text(Label::Text("fmt"))?;
        let statement = object.map(Label::Text("attStmt"))?;
        let is_valid = format.len() <= MAX_FORMAT && (format != "none" || statement.len() == 0);
        if !is_valid {
            return Err(CeremonyError::AttestationStatement);
        }
        Ok(Self {
            authenticator_data: object.bytes(Label::Text("authData"))?,
        })
    }
}

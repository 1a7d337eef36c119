//! Client data: the browser's account of a ceremony (section 5.8.1), signed by the authenticator.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{challenge::Challenge, refusal::CeremonyError, relying_party::RelyingParty};

/// The members of the client data that are verified; others are ignored.
#[derive(Deserialize)]
pub(super) struct ClientData<'j> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'j, str>,
    #[serde(borrow)]
    challenge: Cow<'j, str>,
    #[serde(borrow)]
    origin: Cow<'j, str>,
    #[serde(default, rename = "crossOrigin")]
    is_cross_origin: bool,
    #[serde(default, rename = "topOrigin", deserialize_with = "is_present")]
    has_top_origin: bool,
}

/// Longest client data, in bytes; browsers write some hundred.
pub(super) const MAX_CLIENT_DATA: usize = 4096;

impl<'j> ClientData<'j> {
    /// Parses the JSON (sections 7.1 and 7.2, steps 5 and 6, 8 and 9).
    pub(super) fn parse(json: &'j [u8]) -> Result<Self, CeremonyError> {
        serde_json::from_slice(json).map_err(|_| CeremonyError::ClientData)
    }

    /// Returns the challenge; `None` unless it is 32 bytes in base64url.
    pub(super) fn challenge(&self) -> Option<Challenge> {
        // 43 characters encode 32 bytes.
        let text = Some(self.challenge.as_ref()).filter(|text| text.len() == 43)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Challenge::from(<[u8; 32]>::try_from(bytes).ok()?))
    }

    /// Verifies the type of the ceremony.
    pub(super) fn check_type(&self, expected: &str) -> Result<(), CeremonyError> {
        match self.kind == expected {
            true => Ok(()),
            false => Err(CeremonyError::Type),
        }
    }

    /// Verifies the origin of the page, and that no page of another origin embeds it.
    pub(super) fn check_origin(&self, party: &RelyingParty) -> Result<(), CeremonyError> {
        if self.origin != party.origin() {
            return Err(CeremonyError::Origin);
        }
        if self.is_cross_origin {
            return Err(CeremonyError::CrossOrigin);
        }
        if self.has_top_origin {
            return Err(CeremonyError::TopOrigin);
        }
        Ok(())
    }
}

/// Reports the presence of a member, whatever its value.
fn is_present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

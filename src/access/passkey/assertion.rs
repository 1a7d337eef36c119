//! Login with a passkey: verification of an assertion (section 7.2).

use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;

use super::{
    authenticator_data::{AuthenticatorData, MAX_AUTHENTICATOR_DATA},
    challenge::{Challenges, Purpose},
    client_data::{ClientData, MAX_CLIENT_DATA},
    encoded::{CredentialId, Encoded, UserHandle},
    refusal::CeremonyError,
    register::{Assertion, Passkey, Register},
    registration::{CredentialType, parse},
    relying_party::RelyingParty,
};

/// The response of `navigator.credentials.get()`, as its `toJSON()` returns it (section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AssertionResponse {
    #[serde(rename = "rawId")]
    id: CredentialId,
    #[serde(rename = "type")]
    kind: CredentialType,
    response: Signed,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Signed {
    #[serde(rename = "clientDataJSON")]
    client_data: Encoded<1, MAX_CLIENT_DATA>,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Encoded<1, MAX_AUTHENTICATOR_DATA>,
    signature: Encoded<1, MAX_SIGNATURE>,
    #[serde(rename = "userHandle")]
    user_handle: UserHandle,
}

/// Longest signature, in bytes: RSA with 4096 bits.
const MAX_SIGNATURE: usize = 512;

impl AssertionResponse {
    /// Parses a response of 64 KiB at most.
    ///
    /// # Errors
    /// The JSON is malformed, a part is too long, or the user handle is missing, which every
    /// discoverable passkey sends (section 7.2, step 6).
    pub fn parse(json: &[u8]) -> Result<Self, CeremonyError> {
        parse(json)
    }

    /// Returns the passkey of the response's identifier and user handle at a relying party.
    fn passkey<'r>(
        &self,
        party: &RelyingParty,
        register: &'r Register,
    ) -> Result<&'r Passkey, CeremonyError> {
        let passkey = register.find(&self.id);
        let is_known = |passkey: &&Passkey| {
            passkey.rp_id == party.id() && passkey.user_handle == self.response.user_handle
        };
        match passkey.filter(is_known) {
            None => Err(CeremonyError::UnknownCredential),
            Some(passkey) if passkey.revoked.is_some() => Err(CeremonyError::Revoked),
            Some(passkey) => Ok(passkey),
        }
    }
}

impl Signed {
    /// Verifies the signature over authenticator data and hash of the client data.
    fn check_signature(&self, passkey: &Passkey) -> Result<(), CeremonyError> {
        let hash = digest(&SHA256, self.client_data.as_bytes());
        let message = [self.authenticator_data.as_bytes(), hash.as_ref()].concat();
        let signature = self.signature.as_bytes();
        match passkey.public_key.verifies(&message, signature) {
            true => Ok(()),
            false => Err(CeremonyError::Signature),
        }
    }
}

impl RelyingParty {
    /// Verifies an assertion by a passkey of the register; takes its challenge.
    ///
    /// # Errors
    /// The step that failed. The client must not learn it: an unknown passkey and a wrong
    /// signature look the same to it.
    pub fn verify_assertion(
        &self,
        response: &AssertionResponse,
        register: &Register,
        challenges: &Challenges,
        now: Instant,
    ) -> Result<Assertion, CeremonyError> {
        let signed = &response.response;
        let client_data = ClientData::parse(signed.client_data.as_bytes())?;
        let ceremony = (Purpose::Assertion, now);
        self.check_client_data(&client_data, "webauthn.get", challenges, ceremony)?;
        let passkey = response.passkey(self, register)?;
        let data = AuthenticatorData::parse(signed.authenticator_data.as_bytes())?;
        data.check(self)?;
        let backup = data.backup();
        if backup.eligible != passkey.backup_eligible {
            return Err(CeremonyError::BackupEligibility);
        }
        signed.check_signature(passkey)?;
        Ok(Assertion {
            id: passkey.id.clone(),
            counter: data.counter,
            backup,
        })
    }
}

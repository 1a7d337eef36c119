//! Registration of a passkey (section 7.1).

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{
    attestation::{AttestationObject, MAX_ATTESTATION},
    authenticator_data::{AuthenticatorData, Backup},
    challenge::{Challenges, Purpose},
    client_data::{ClientData, MAX_CLIENT_DATA},
    encoded::{CredentialId, Encoded, UserHandle},
    public_key::PublicKey,
    refusal::CeremonyError,
    relying_party::RelyingParty,
};

/// The response of `navigator.credentials.create()`, as its `toJSON()` returns it (section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RegistrationResponse {
    #[serde(rename = "rawId")]
    id: CredentialId,
    #[serde(rename = "type")]
    kind: CredentialType,
    response: AttestationResponse,
    #[serde(default, rename = "clientExtensionResults")]
    extensions: ExtensionResults,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: Encoded<1, MAX_CLIENT_DATA>,
    #[serde(rename = "attestationObject")]
    attestation: Encoded<1, MAX_ATTESTATION>,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct ExtensionResults {
    #[serde(default, rename = "credProps")]
    properties: CredentialProperties,
}

/// The extension `credProps` (section 10.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct CredentialProperties {
    #[serde(default, rename = "rk")]
    is_discoverable: Option<bool>,
}

/// The only type of credentials (section 5.8.2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum CredentialType {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A verified new credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Identifier.
    pub id: CredentialId,
    /// Public key.
    pub public_key: PublicKey,
    /// Signature counter.
    pub counter: u32,
    /// Backup flags.
    pub backup: Backup,
    /// Transports by which a browser reaches the authenticator.
    pub transports: Transports,
}

/// Names of transports (section 5.8.4), those that are unknown included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transports(Vec<String>);

/// Longest response, in bytes: its parts at their limits, in base64.
pub const MAX_RESPONSE: usize = 64 * 1024;
/// Most transports of a credential.
const MAX_TRANSPORTS: usize = 8;
/// Longest name of a transport, in bytes.
const MAX_TRANSPORT: usize = 32;

impl RegistrationResponse {
    /// Parses a response of 64 KiB at most.
    ///
    /// # Errors
    /// The JSON is malformed or a part is too long.
    pub fn parse(json: &[u8]) -> Result<Self, CeremonyError> {
        parse(json)
    }
}

/// Parses the response of either ceremony.
pub(super) fn parse<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Result<T, CeremonyError> {
    let bounded = Some(json).filter(|json| json.len() <= MAX_RESPONSE);
    let parsed = bounded.and_then(|json| serde_json::from_slice(json).ok());
    parsed.ok_or(CeremonyError::Response)
}

impl RelyingParty {
    /// Verifies the registration of a passkey for a user; takes its challenge.
    ///
    /// The caller adds the passkey to the register, which refuses a known identifier (steps 26 and
    /// 27).
    ///
    /// # Errors
    /// The step that failed.
    pub fn verify_registration(
        &self,
        response: &RegistrationResponse,
        user: &UserHandle,
        challenges: &Challenges,
        now: Instant,
    ) -> Result<Registered, CeremonyError> {
        let client_data = ClientData::parse(response.response.client_data.as_bytes())?;
        let purpose = Purpose::Registration(user);
        self.check_client_data(&client_data, "webauthn.create", challenges, (purpose, now))?;
        let object = AttestationObject::parse(response.response.attestation.as_bytes())?;
        let data = AuthenticatorData::parse(object.authenticator_data)?;
        data.check(self)?;
        let (id, public_key) = data.credential()?;
        if id != response.id {
            return Err(CeremonyError::CredentialIdMismatch);
        }
        if response.extensions.properties.is_discoverable == Some(false) {
            return Err(CeremonyError::NotDiscoverable);
        }
        Ok(Registered {
            id,
            public_key,
            counter: data.counter,
            backup: data.backup(),
            transports: Transports::known(&response.response.transports),
        })
    }

    /// Takes the challenge and verifies the client data of either ceremony.
    ///
    /// The challenge is taken first, so that a refused response has used it too.
    pub(super) fn check_client_data(
        &self,
        client_data: &ClientData<'_>,
        kind: &str,
        challenges: &Challenges,
        (purpose, now): (Purpose<'_>, Instant),
    ) -> Result<(), CeremonyError> {
        let challenge = client_data.challenge().ok_or(CeremonyError::Challenge);
        let taken = challenge.and_then(|challenge| challenges.take(challenge, self, purpose, now));
        client_data.check_type(kind)?;
        taken?;
        client_data.check_origin(self)
    }
}

impl Transports {
    /// Returns the names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Drops names that no browser writes, and those beyond the eighth.
    fn known(names: &[String]) -> Self {
        let is_name = |name: &&String| {
            let is_part = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            (1..=MAX_TRANSPORT).contains(&name.len()) && name.bytes().all(is_part)
        };
        let names = names.iter().filter(is_name).take(MAX_TRANSPORTS);
        Self(names.cloned().collect())
    }
}

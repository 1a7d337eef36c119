//! Options of the ceremonies, as `parse…OptionsFromJSON()` of browsers reads them (sections 5.4
//! and 5.5).

use serde_json::{Value, json};

use super::{
    challenge::{Challenge, LIFETIME},
    encoded::UserHandle,
    public_key::Algorithm,
    register::Passkey,
    relying_party::RelyingParty,
};

/// The user for whom a passkey is registered.
#[derive(Clone, Copy, Debug)]
pub struct User<'u> {
    /// Handle of the user.
    pub handle: &'u UserHandle,
    /// Name that authenticators display.
    pub name: &'u str,
}

impl RelyingParty {
    /// Returns the options for `navigator.credentials.create()`.
    ///
    /// Authenticators with one of the `present` passkeys are excluded.
    pub fn creation_options<'p>(
        &self,
        user: User<'_>,
        challenge: &Challenge,
        present: impl Iterator<Item = &'p Passkey>,
    ) -> Value {
        let algorithms = Algorithm::OFFERED
            .map(|algorithm| json!({"type": "public-key", "alg": algorithm.number()}));
        json!({
            "rp": {"id": self.id(), "name": self.id()},
            "user": {"id": user.handle, "name": user.name, "displayName": user.name},
            "challenge": challenge.to_string(),
            "pubKeyCredParams": algorithms,
            "timeout": milliseconds(),
            "excludeCredentials": present.map(descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
            "extensions": {"credProps": true},
        })
    }

    /// Returns the options for `navigator.credentials.get()`; the authenticator lists its passkeys.
    #[must_use]
    pub fn request_options(&self, challenge: &Challenge) -> Value {
        json!({
            "challenge": challenge.to_string(),
            "timeout": milliseconds(),
            "rpId": self.id(),
            "allowCredentials": [],
            "userVerification": "required",
        })
    }
}

fn descriptor(passkey: &Passkey) -> Value {
    let transports = passkey.transports.names();
    json!({"type": "public-key", "id": passkey.id, "transports": transports})
}

fn milliseconds() -> u128 {
    LIFETIME.as_millis()
}

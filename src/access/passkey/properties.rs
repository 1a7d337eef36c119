//! Properties of every response, key and register, for tests and fuzzing.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    assertion::AssertionResponse,
    attestation::AttestationObject,
    authenticator_data::{AuthenticatorData, Backup},
    challenge::{Challenge, Challenges, Purpose},
    client_data::ClientData,
    encoded::{CredentialId, UserHandle},
    public_key::PublicKey,
    register::{Owner, Register},
    registration::{Registered, RegistrationResponse, Transports},
    relying_party::RelyingParty,
};
use crate::authority::Authority;

/// An Ed25519 key (RFC 8032, section 7.1, test 1) without its signing key.
const KEY: &[u8] = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
const ID: &[u8] = b"credential";

/// Checks every parser, a registration with these bytes as its attestation object, and an
/// assertion with these bytes as authenticator data and signature.
pub fn passkey(bytes: &[u8]) {
    let site = Site::new();
    AttestationObject::parse(bytes).ok();
    AuthenticatorData::parse(bytes).ok();
    ClientData::parse(bytes).ok();
    if let Ok(key) = PublicKey::parse(bytes) {
        let text = serde_json::to_vec(&key).unwrap_or_default();
        assert_eq!(serde_json::from_slice(&text).ok(), Some(key));
    }
    if let Ok(register) = Register::parse(bytes) {
        is_stored(&register);
    }
    site.is_verified(bytes, bytes);
    let attested = AttestationObject::parse(bytes).ok();
    let data = attested.map(|object| object.authenticator_data);
    site.verify_object(bytes, data);
    site.verify_parts(bytes);
}

/// Checks that a register is read as it was written.
fn is_stored(register: &Register) {
    let text = serde_json::to_vec(register).unwrap_or_default();
    assert_eq!(Register::parse(&text).ok().as_ref(), Some(register));
}

struct Site {
    party: RelyingParty,
    user: UserHandle,
    challenges: Challenges,
    register: Register,
    now: Instant,
}

impl Site {
    /// A site with one passkey and an open challenge for each ceremony.
    fn new() -> Self {
        let Some(site) = Self::build() else {
            panic!("the constants are valid");
        };
        site.register_passkey()
    }

    fn build() -> Option<Self> {
        Some(Self {
            party: RelyingParty::new(&Authority::parse("home.example.org")?, None).ok()?,
            user: UserHandle::new(b"anna")?,
            challenges: Challenges::default(),
            register: Register::default(),
            now: Instant::now(),
        })
    }

    fn register_passkey(mut self) -> Self {
        let (Some(id), Ok(public_key)) = (CredentialId::new(ID), PublicKey::parse(KEY)) else {
            panic!("the constants are valid");
        };
        self.add(Registered {
            id,
            public_key,
            counter: 0,
            backup: Backup {
                eligible: false,
                backed_up: false,
            },
            transports: Transports::default(),
        });
        self
    }

    fn add(&mut self, registered: Registered) {
        let owner = Owner {
            name: "Anna's phone",
            user_handle: &self.user,
            rp_id: self.party.id(),
        };
        // A known identifier is refused.
        self.register
            .add(registered, owner, OffsetDateTime::UNIX_EPOCH)
            .ok();
    }

    /// Verifies the JSON of both responses.
    fn is_verified(&self, registration: &[u8], assertion: &[u8]) {
        let (party, challenges, now) = (&self.party, &self.challenges, self.now);
        let challenge = Challenge::from([7; 32]);
        if let Ok(response) = RegistrationResponse::parse(registration) {
            let purpose = Purpose::Registration(&self.user);
            challenges.open_known(challenge, party, purpose, now);
            if let Ok(registered) =
                party.verify_registration(&response, &self.user, challenges, now)
            {
                let mut site = Self::new();
                site.add(registered);
                is_stored(&site.register);
            }
        }
        if let Ok(response) = AssertionResponse::parse(assertion) {
            challenges.open_known(challenge, party, Purpose::Assertion, now);
            let verified = party.verify_assertion(&response, &self.register, challenges, now);
            assert!(verified.is_err(), "a forged signature is accepted");
        }
    }

    /// Verifies a registration with an attestation object.
    fn verify_object(&self, object: &[u8], data: Option<&[u8]>) {
        let data = data.and_then(|data| AuthenticatorData::parse(data).ok());
        let credential = data.and_then(|data| data.credential().ok());
        let id = credential.map_or_else(|| ID.to_vec(), |(id, _)| id.as_bytes().to_vec());
        let response = json!({
            "clientDataJSON": client_data("webauthn.create"),
            "attestationObject": base64url(object),
        });
        self.is_verified(&credential_json(&id, &response), &[]);
    }

    /// Verifies an assertion with 37 bytes of authenticator data and the rest as signature.
    fn verify_parts(&self, bytes: &[u8]) {
        let (data, signature) = bytes.split_at(bytes.len().min(37));
        let response = json!({
            "clientDataJSON": client_data("webauthn.get"),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
            "userHandle": base64url(self.user.as_bytes()),
        });
        self.is_verified(&[], &credential_json(ID, &response));
    }
}

fn client_data(kind: &str) -> String {
    let challenge = base64url(&[7; 32]);
    let origin = "https://home.example.org";
    let data = json!({"type": kind, "challenge": challenge, "origin": origin});
    base64url(data.to_string().as_bytes())
}

fn credential_json(id: &[u8], response: &Value) -> Vec<u8> {
    let id = base64url(id);
    let json = json!({"id": id, "rawId": id, "type": "public-key", "response": response});
    json.to_string().into_bytes()
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

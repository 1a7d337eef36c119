//! Vectors of python-fido2 (`tests/data/passkey/vectors.py`): an independent authenticator, with
//! the verdict of an independent relying party.

use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use crate::access::passkey::{
    assertion::AssertionResponse,
    authenticator_data::Backup,
    challenge::{Challenge, Challenges, Purpose},
    encoded::{CredentialId, Encoded, UserHandle},
    public_key::PublicKey,
    refusal::CeremonyError,
    register::{Owner, Register},
    registration::{Registered, RegistrationResponse, Transports},
    testing::{NOW, home},
};

#[derive(Deserialize)]
struct Vector {
    ceremony: String,
    name: String,
    challenge: Encoded<32, 32>,
    user: UserHandle,
    id: CredentialId,
    public_key: PublicKey,
    response: Value,
    /// The step that refuses the response.
    error: Option<String>,
    /// The verdict of python-fido2.
    fido2: String,
    /// The reason for which python-fido2 accepts a response that is refused.
    stricter: Option<String>,
}

impl Vector {
    fn verify(&self) -> Result<(), CeremonyError> {
        let (challenges, now) = (Challenges::default(), Instant::now());
        let purpose = match self.ceremony.as_str() {
            "registration" => Purpose::Registration(&self.user),
            _ => Purpose::Assertion,
        };
        let challenge = <[u8; 32]>::try_from(self.challenge.as_bytes()).unwrap();
        challenges.open_known(Challenge::from(challenge), &home(), purpose, now);
        let text = self.response.to_string();
        if purpose == Purpose::Assertion {
            let response = AssertionResponse::parse(text.as_bytes())?;
            let verified = home().verify_assertion(&response, &self.register(), &challenges, now);
            return verified.map(drop);
        }
        let response = RegistrationResponse::parse(text.as_bytes())?;
        let verified = home().verify_registration(&response, &self.user, &challenges, now)?;
        assert_eq!(verified.public_key, self.public_key, "{}", self.name);
        Ok(())
    }

    fn register(&self) -> Register {
        let registered = Registered {
            id: self.id.clone(),
            public_key: self.public_key.clone(),
            counter: 0,
            backup: Backup {
                eligible: false,
                backed_up: false,
            },
            transports: Transports::default(),
        };
        let owner = Owner {
            name: "Anna's phone",
            user_handle: &self.user,
            rp_id: "home.example.org",
        };
        let mut register = Register::default();
        register.add(registered, owner, NOW).unwrap();
        register
    }
}

/// The name of the variant.
fn step(error: &CeremonyError) -> String {
    let text = format!("{error:?}");
    text.split(['(', ' ']).next().unwrap().to_owned()
}

#[test]
fn each_vector_is_accepted_or_refused_by_its_step() {
    let text = include_str!("../../../../tests/data/passkey/vectors.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
    for vector in &vectors {
        let error = vector.verify().err().map(|error| step(&error));
        assert_eq!(
            error, vector.error,
            "{} of {}",
            vector.ceremony, vector.name
        );
        let agrees = (vector.fido2 == "accepted") == error.is_none();
        assert_eq!(agrees, vector.stricter.is_none(), "{}", vector.name);
        assert!(agrees || error.is_some(), "{} is laxer", vector.name);
    }
    let accepted = vectors.iter().filter(|vector| vector.error.is_none());
    assert!(vectors.len() > 150 && accepted.count() > 10);
}

//! Ceremonies of Anna at `home.example.org`.

use std::time::Instant;

use serde_json::Value;

use super::{CHALLENGE, NOW, handle, home};
use crate::access::passkey::{
    assertion::AssertionResponse,
    challenge::{Challenge, Challenges, Purpose},
    refusal::CeremonyError,
    register::{Assertion, Owner, Register},
    registration::{Registered, RegistrationResponse},
};

pub(in crate::access::passkey) fn add(
    register: &mut Register,
    registered: Registered,
    user: &str,
) -> Result<(), CeremonyError> {
    let owner = Owner {
        name: "Anna's phone",
        user_handle: &handle(user),
        rp_id: "home.example.org",
    };
    register.add(registered, owner, NOW)
}

/// Verifies a registration for Anna at `home.example.org` with the expected challenge open.
pub(in crate::access::passkey) fn verify_registration(
    response: &Value,
) -> Result<Registered, CeremonyError> {
    verify_registration_text(response.to_string().as_bytes())
}

pub(in crate::access::passkey) fn verify_registration_text(
    text: &[u8],
) -> Result<Registered, CeremonyError> {
    let response = RegistrationResponse::parse(text)?;
    let (challenges, anna, now) = (Challenges::default(), handle("anna"), Instant::now());
    let purpose = Purpose::Registration(&anna);
    challenges.open_known(Challenge::from(CHALLENGE), &home(), purpose, now);
    let verified = home().verify_registration(&response, &anna, &challenges, now);
    assert!(verified.is_err() || challenges.len() == 0);
    verified
}

/// Verifies an assertion at `home.example.org` with the expected challenge open.
pub(in crate::access::passkey) fn verify_assertion(
    response: &Value,
    register: &Register,
) -> Result<Assertion, CeremonyError> {
    verify_assertion_text(response.to_string().as_bytes(), register)
}

pub(in crate::access::passkey) fn verify_assertion_text(
    text: &[u8],
    register: &Register,
) -> Result<Assertion, CeremonyError> {
    let response = AssertionResponse::parse(text)?;
    let (challenges, now) = (Challenges::default(), Instant::now());
    challenges.open_known(Challenge::from(CHALLENGE), &home(), Purpose::Assertion, now);
    let verified = home().verify_assertion(&response, register, &challenges, now);
    assert!(verified.is_err() || challenges.len() == 0);
    verified
}

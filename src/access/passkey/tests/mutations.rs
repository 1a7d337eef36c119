//! A random player: it changes each byte of valid responses.
//!
//! An assertion is signed, so no change of a part is accepted. A registration without attestation
//! is not: key, identifier and counter are the authenticator's to choose, and no other part is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

use crate::access::passkey::{
    assertion::AssertionResponse,
    public_key::Algorithm,
    testing::{
        Authenticator, SYNCHRONIZED, base64url, hash, verify_assertion, verify_assertion_text,
        verify_registration, verify_registration_text,
    },
};

/// Changes of each byte that are tried.
const ROUNDS: usize = 4;

/// A change of one byte.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    Xor(u8),
    Remove,
    Insert(u8),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => (1..=u8::MAX).prop_map(Self::Xor),
            1 => Just(Self::Remove),
            1 => any::<u8>().prop_map(Self::Insert),
        ]
    }

    fn apply(self, bytes: &[u8], at: usize) -> Vec<u8> {
        let (before, after) = bytes.split_at(at);
        match self {
            Self::Xor(bits) => [before, &[after[0] ^ bits], &after[1..]].concat(),
            Self::Remove => [before, &after[1..]].concat(),
            Self::Insert(byte) => [before, &[byte], after].concat(),
        }
    }
}

/// Random changes of each byte that differ from the original.
fn mutated(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut runner = TestRunner::default();
    let mut all = Vec::new();
    for at in (0..bytes.len()).flat_map(|at| [at; ROUNDS]) {
        let mutation = Mutation::any().new_tree(&mut runner).unwrap().current();
        all.push((at, mutation.apply(bytes, at)));
    }
    all.retain(|(_, changed)| changed != bytes);
    all
}

fn decoded(response: &Value, pointer: &str) -> Vec<u8> {
    let text = response.pointer(pointer).unwrap().as_str().unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn with(response: &Value, pointer: &str, bytes: &[u8]) -> Value {
    let mut response = response.clone();
    *response.pointer_mut(pointer).unwrap() = Value::from(base64url(bytes));
    response
}

fn authenticator(algorithm: Algorithm) -> Authenticator {
    let mut authenticator = Authenticator::new(algorithm);
    authenticator.flags = SYNCHRONIZED;
    authenticator.counter = 0x0102_0304;
    authenticator
}

#[test]
fn no_changed_assertion_is_accepted() {
    for algorithm in Algorithm::OFFERED {
        let authenticator = authenticator(algorithm);
        let (register, response) = (authenticator.registered(), authenticator.assert());
        verify_assertion(&response, &register).unwrap();
        for pointer in [
            "/rawId",
            "/response/clientDataJSON",
            "/response/authenticatorData",
            "/response/signature",
            "/response/userHandle",
        ] {
            for (at, changed) in mutated(&decoded(&response, pointer)) {
                let verified = verify_assertion(&with(&response, pointer, &changed), &register);
                assert!(
                    verified.is_err(),
                    "{algorithm:?} {pointer} {at}: {changed:x?}"
                );
            }
        }
    }
}

#[test]
fn changed_registration_is_accepted_only_for_the_same_ceremony() {
    for algorithm in Algorithm::OFFERED {
        let response = authenticator(algorithm).register();
        verify_registration(&response).unwrap();
        let pointer = "/response/clientDataJSON";
        let original = decoded(&response, pointer);
        for (at, changed) in mutated(&original) {
            let accepted = verify_registration(&with(&response, pointer, &changed)).is_ok();
            assert!(
                !accepted || is_same_client_data(&original, &changed),
                "{at}: {changed:x?}"
            );
        }
        let pointer = "/response/attestationObject";
        for (at, changed) in mutated(&decoded(&response, pointer)) {
            let accepted = verify_registration(&with(&response, pointer, &changed)).is_ok();
            assert!(
                !accepted || is_same_site(&changed),
                "{algorithm:?} {at}: {changed:x?}"
            );
        }
    }
}

/// Reports whether all verified members are equal; others may change.
fn is_same_client_data(original: &[u8], changed: &[u8]) -> bool {
    let [original, changed] =
        [original, changed].map(|data| serde_json::from_slice::<Value>(data).unwrap());
    let members = ["type", "challenge", "origin"];
    members.iter().all(|name| original[name] == changed[name])
        && changed["crossOrigin"] != Value::Bool(true)
        && changed.get("topOrigin").is_none()
}

/// Reports whether the hash of the RP ID stands before flags with UP and UV.
fn is_same_site(object: &[u8]) -> bool {
    let hash = hash(b"home.example.org");
    let mut places = object.windows(33);
    places.any(|place| place[..32] == hash[..] && place[32] & 0b101 == 0b101)
}

#[test]
fn changed_text_is_accepted_only_as_the_same_response() {
    let authenticator = authenticator(Algorithm::EdDsa);
    let (register, response) = (authenticator.registered(), authenticator.assert());
    let text = response.to_string();
    let original = AssertionResponse::parse(text.as_bytes()).unwrap();
    for (at, changed) in mutated(text.as_bytes()) {
        let Ok(parsed) = AssertionResponse::parse(&changed) else {
            continue;
        };
        let verified = verify_assertion_text(&changed, &register);
        assert!(verified.is_err() || parsed == original, "{at}");
    }
    let text = authenticator.register().to_string();
    let accepted = mutated(text.as_bytes()).into_iter();
    let accepted = accepted.filter(|(_, changed)| verify_registration_text(changed).is_ok());
    assert!(
        accepted.count() > 0,
        "members that are not verified may change"
    );
}

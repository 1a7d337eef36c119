//! Ceremonies of Chromium with its virtual authenticators (`tests/data/passkey/chromium.py`).

use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use crate::access::passkey::{
    assertion::AssertionResponse,
    challenge::{Challenge, Challenges, Purpose},
    encoded::{Encoded, UserHandle},
    options::User,
    refusal::CeremonyError,
    register::{Assertion, Owner, Register, SignCount},
    registration::{Registered, RegistrationResponse},
    testing::{NOW, home},
};

#[derive(Deserialize)]
struct Session {
    name: String,
    user: UserHandle,
    creation_options: Value,
    registration: Value,
    request_options: Vec<Value>,
    assertions: Vec<Value>,
}

/// The sessions of each kind of authenticator.
fn sessions() -> Vec<Session> {
    let text = include_str!("../../../../tests/data/passkey/chromium.json");
    serde_json::from_str(text).unwrap()
}

fn challenge(options: &Value) -> Challenge {
    let bytes: Encoded<32, 32> = serde_json::from_value(options["challenge"].clone()).unwrap();
    Challenge::from(<[u8; 32]>::try_from(bytes.as_bytes()).unwrap())
}

impl Session {
    fn register(&self) -> Registered {
        let (challenges, now) = (Challenges::default(), Instant::now());
        let challenge = challenge(&self.creation_options);
        let purpose = Purpose::Registration(&self.user);
        challenges.open_known(challenge, &home(), purpose, now);
        let text = self.registration.to_string();
        let response = RegistrationResponse::parse(text.as_bytes()).unwrap();
        let verified = home().verify_registration(&response, &self.user, &challenges, now);
        verified.unwrap()
    }

    fn log_in(&self, number: usize, register: &Register) -> Assertion {
        let (challenges, now) = (Challenges::default(), Instant::now());
        let challenge = challenge(&self.request_options[number]);
        challenges.open_known(challenge, &home(), Purpose::Assertion, now);
        let text = self.assertions[number].to_string();
        let response = AssertionResponse::parse(text.as_bytes()).unwrap();
        let verified = home().verify_assertion(&response, register, &challenges, now);
        verified.unwrap()
    }
}

#[test]
fn chromium_registers_and_logs_in_with_each_authenticator() {
    for session in sessions() {
        let registered = session.register();
        let is_synchronized = session.name == "synchronized";
        assert_eq!(registered.backup.eligible, is_synchronized);
        assert_eq!(registered.backup.backed_up, is_synchronized);
        let transport = if session.name == "security key" {
            "usb"
        } else {
            "internal"
        };
        assert_eq!(registered.transports.names(), [transport]);
        let owner = Owner {
            name: "Anna's phone",
            user_handle: &session.user,
            rp_id: "home.example.org",
        };
        let mut register = Register::default();
        register.add(registered, owner, NOW).unwrap();
        let [first, second] = [0, 1].map(|number| session.log_in(number, &register));
        register.record_use(&first, NOW).unwrap();
        register.record_use(&second, NOW).unwrap();
        let replayed = register.record_use(&first, NOW);
        let (stored, received) = (second.counter, first.counter);
        let expected = match is_synchronized {
            true => Ok(SignCount::Behind { stored, received }),
            false => Err(CeremonyError::Counter { stored, received }),
        };
        assert_eq!(replayed, expected, "{}", session.name);
    }
}

#[test]
fn chromium_got_the_options_of_hubgate() {
    for session in sessions() {
        let user = User {
            handle: &session.user,
            name: "Anna",
        };
        let challenge_of = &session.creation_options;
        let options = home().creation_options(user, &challenge(challenge_of), [].into_iter());
        assert_eq!(options, session.creation_options);
        for options in &session.request_options {
            assert_eq!(home().request_options(&challenge(options)), *options);
        }
    }
}

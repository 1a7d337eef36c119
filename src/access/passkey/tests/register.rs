//! The register: counters, revocation, limits, versions.

use time::Duration;

use crate::access::passkey::{
    public_key::Algorithm,
    refusal::CeremonyError,
    register::{Assertion, Register, RegisterError, SignCount},
    testing::{Authenticator, NOW, SYNCHRONIZED, add, verify_assertion, verify_registration},
};

fn asserted(authenticator: &mut Authenticator, register: &Register, counter: u32) -> Assertion {
    authenticator.counter = counter;
    verify_assertion(&authenticator.assert(), register).unwrap()
}

#[test]
fn counter_has_to_grow_unless_the_authenticator_has_none() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    let mut register = authenticator.registered();
    for (received, expected) in [
        (0, Ok(0)),
        (0, Ok(0)),
        (5, Ok(5)),
        (
            5,
            Err(CeremonyError::Counter {
                stored: 5,
                received: 5,
            }),
        ),
        (
            4,
            Err(CeremonyError::Counter {
                stored: 5,
                received: 4,
            }),
        ),
        (
            0,
            Err(CeremonyError::Counter {
                stored: 5,
                received: 0,
            }),
        ),
        (6, Ok(6)),
        (u32::MAX, Ok(u32::MAX)),
        (
            1,
            Err(CeremonyError::Counter {
                stored: u32::MAX,
                received: 1,
            }),
        ),
    ] {
        let assertion = asserted(&mut authenticator, &register, received);
        let before = register.clone();
        let used = register.record_use(&assertion, NOW);
        let used = used.map(|_| register.passkeys()[0].counter);
        assert_eq!(used, expected, "{received}");
        assert!(
            used.is_ok() || register == before,
            "a refused use changes nothing"
        );
    }
}

#[test]
fn copies_of_a_synchronized_passkey_count_each_for_itself() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    authenticator.flags = SYNCHRONIZED;
    let mut register = authenticator.registered();
    let behind = |received| SignCount::Behind {
        stored: 9,
        received,
    };
    for (received, expected) in [
        (9, SignCount::Valid),
        (3, behind(3)),
        (0, behind(0)),
        (9, behind(9)),
        (10, SignCount::Valid),
    ] {
        let assertion = asserted(&mut authenticator, &register, received);
        assert_eq!(register.record_use(&assertion, NOW), Ok(expected));
    }
    assert_eq!(register.passkeys()[0].counter, 10);
}

#[test]
fn of_two_assertions_with_one_counter_the_second_is_refused() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    let mut register = authenticator.registered();
    let [first, second] = [7, 7].map(|counter| asserted(&mut authenticator, &register, counter));
    register.record_use(&first, NOW).unwrap();
    let refused = register.record_use(&second, NOW).unwrap_err();
    assert_eq!(
        refused,
        CeremonyError::Counter {
            stored: 7,
            received: 7
        }
    );
}

#[test]
fn use_is_recorded_with_the_current_backup_state() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    authenticator.flags = 0b1101;
    let mut register = authenticator.registered();
    assert!(!register.passkeys()[0].backed_up && register.passkeys()[0].backup_eligible);
    authenticator.flags = SYNCHRONIZED;
    let assertion = asserted(&mut authenticator, &register, 0);
    register.record_use(&assertion, NOW).unwrap();
    assert!(register.passkeys()[0].backed_up);
    assert_eq!(register.passkeys()[0].last_seen, Some(NOW));
}

#[test]
fn revocation_acts_on_verified_assertions_too() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    let mut register = authenticator.registered();
    let assertion = asserted(&mut authenticator, &register, 1);
    assert_eq!(register.revoke("Ben's phone", NOW), 0);
    assert_eq!(register.revoke("Anna's phone", NOW), 1);
    assert_eq!(register.revoke("Anna's phone", NOW), 0);
    assert_eq!(
        register.record_use(&assertion, NOW).unwrap_err(),
        CeremonyError::Revoked
    );
    let refused = verify_assertion(&authenticator.assert(), &register);
    assert_eq!(refused, Err(CeremonyError::Revoked));
    let again = verify_registration(&authenticator.register()).unwrap();
    let refused = add(&mut register, again, "anna");
    assert_eq!(refused, Err(CeremonyError::AlreadyRegistered));
}

#[test]
fn identifier_is_registered_once_for_all_users() {
    let authenticator = Authenticator::new(Algorithm::EdDsa);
    let mut register = authenticator.registered();
    let again = verify_registration(&Authenticator::new(Algorithm::Es256).register()).unwrap();
    let refused = add(&mut register, again, "ben");
    assert_eq!(refused, Err(CeremonyError::AlreadyRegistered));
    assert_eq!(register.passkeys().len(), 1);
}

#[test]
fn passkey_that_was_revoked_ninety_days_ago_is_removed_and_unknown() {
    let authenticator = Authenticator::new(Algorithm::EdDsa);
    for (days, left) in [(89, 2), (90, 1)] {
        let mut register = authenticator.registered();
        register.revoke("Anna's phone", NOW - Duration::days(days));
        let mut other = Authenticator::new(Algorithm::EdDsa);
        other.id = b"other".to_vec();
        add(
            &mut register,
            verify_registration(&other.register()).unwrap(),
            "anna",
        )
        .unwrap();
        assert_eq!(register.passkeys().len(), left, "{days}");
        assert!(verify_assertion(&authenticator.assert(), &register).is_err());
    }
}

#[test]
fn register_is_read_as_it_was_written_and_no_other_version_is() {
    let register = Authenticator::new(Algorithm::Rs256).registered();
    let text = serde_json::to_string_pretty(&register).unwrap();
    assert_eq!(Register::parse(text.as_bytes()).unwrap(), register);
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    assert!(matches!(
        Register::parse(newer.as_bytes()),
        Err(RegisterError::Version(2))
    ));
    for damaged in [
        String::new(),
        "{}".to_owned(),
        text.replace("\"counter\": 0", "\"counter\": -1"),
        text.replace("\"counter\"", "\"other\""),
        text.replace("\"passkeys\"", "\"more\": 1, \"passkeys\""),
        text[..text.len() - 1].to_owned(),
    ] {
        let fault = Register::parse(damaged.as_bytes());
        assert!(matches!(fault, Err(RegisterError::Damaged(_))), "{damaged}");
    }
}

//! Ceremonies with the software authenticator: one test for each check of the specification.

mod challenges;
mod chromium;
mod keys;
mod mutations;
mod parts;
mod register;
mod vectors;

use serde_json::json;

use super::{
    public_key::Algorithm,
    refusal::CeremonyError,
    register::{Owner, Register},
    testing::{
        Authenticator, NOW, PRESENT_AND_VERIFIED, SYNCHRONIZED, add, base64url, handle, home,
        verify_assertion, verify_registration,
    },
};

/// A change to the claims of an authenticator.
type Forgery = fn(&mut Authenticator);

/// The claims that both ceremonies refuse.
const FORGERIES: [(Forgery, CeremonyError); 16] = [
    (
        |claims| claims.client_data = json!({"type": "webauthn.other"}),
        CeremonyError::Type,
    ),
    (
        |claims| claims.challenge = [8; 32],
        CeremonyError::Challenge,
    ),
    (
        |claims| claims.client_data = json!({"challenge": ""}),
        CeremonyError::Challenge,
    ),
    (
        |claims| claims.client_data = json!({"challenge": base64url(&[7; 31])}),
        CeremonyError::Challenge,
    ),
    (
        |claims| claims.origin = "https://evil.example.org".to_owned(),
        CeremonyError::Origin,
    ),
    (
        |claims| claims.origin = "http://home.example.org".to_owned(),
        CeremonyError::Origin,
    ),
    (
        |claims| claims.origin = "https://home.example.org:8443".to_owned(),
        CeremonyError::Origin,
    ),
    (
        |claims| claims.origin = "https://HOME.example.org".to_owned(),
        CeremonyError::Origin,
    ),
    (
        |claims| claims.origin = "https://home.example.org.".to_owned(),
        CeremonyError::Origin,
    ),
    (
        |claims| claims.client_data = json!({"crossOrigin": true}),
        CeremonyError::CrossOrigin,
    ),
    (
        |claims| claims.client_data = json!({"topOrigin": "https://home.example.org"}),
        CeremonyError::TopOrigin,
    ),
    (
        |claims| claims.client_data = json!({"topOrigin": null}),
        CeremonyError::TopOrigin,
    ),
    (
        |claims| claims.rp_id = "example.org".to_owned(),
        CeremonyError::RpIdHash,
    ),
    (|claims| claims.flags = 0b100, CeremonyError::UserNotPresent),
    (
        |claims| claims.flags = 0b001,
        CeremonyError::UserNotVerified,
    ),
    (|claims| claims.flags = 0b10101, CeremonyError::BackupState),
];

#[test]
fn passkey_of_each_algorithm_is_registered_and_logs_in() {
    for algorithm in Algorithm::OFFERED {
        let mut authenticator = Authenticator::new(algorithm);
        authenticator.flags = SYNCHRONIZED;
        let registered = verify_registration(&authenticator.register()).unwrap();
        assert_eq!(registered.public_key.algorithm(), algorithm);
        assert_eq!(registered.id.as_bytes(), b"credential");
        assert_eq!(registered.transports.names(), ["internal", "hybrid"]);
        assert!(registered.backup.eligible && registered.backup.backed_up);
        let register = authenticator.registered();
        authenticator.flags = 0b01101;
        let assertion = verify_assertion(&authenticator.assert(), &register).unwrap();
        assert!(assertion.backup.eligible && !assertion.backup.backed_up);
    }
}

#[test]
fn each_forged_claim_is_refused_by_its_step_in_both_ceremonies() {
    for (number, (forge, expected)) in FORGERIES.into_iter().enumerate() {
        let mut authenticator = Authenticator::new(Algorithm::Es256);
        let register = authenticator.registered();
        forge(&mut authenticator);
        let registered = verify_registration(&authenticator.register()).unwrap_err();
        assert_eq!(registered, expected, "registration {number}");
        let asserted = verify_assertion(&authenticator.assert(), &register).unwrap_err();
        assert_eq!(asserted, expected, "assertion {number}");
    }
}

#[test]
fn response_of_one_ceremony_is_refused_by_the_other() {
    let mut authenticator = Authenticator::new(Algorithm::Es256);
    let register = authenticator.registered();
    authenticator.client_data = json!({"type": "webauthn.get"});
    assert_eq!(
        verify_registration(&authenticator.register()),
        Err(CeremonyError::Type)
    );
    authenticator.client_data = json!({"type": "webauthn.create"});
    assert_eq!(
        verify_assertion(&authenticator.assert(), &register),
        Err(CeremonyError::Type)
    );
}

#[test]
fn passkey_of_another_user_or_site_is_unknown() {
    let anna = Authenticator::new(Algorithm::Es256);
    let mut register = anna.registered();
    let mut ben = Authenticator::new(Algorithm::Es256);
    ben.id = b"other".to_vec();
    ben.user = "ben".to_owned();
    let unknown = Err(CeremonyError::UnknownCredential);
    assert_eq!(verify_assertion(&ben.assert(), &register), unknown);
    let registered = verify_registration(&ben.register()).unwrap();
    add(&mut register, registered, "ben").unwrap();
    verify_assertion(&ben.assert(), &register).unwrap();
    ben.user = "anna".to_owned();
    assert_eq!(verify_assertion(&ben.assert(), &register), unknown);
    ben.id = anna.id.clone();
    assert_eq!(
        verify_assertion(&ben.assert(), &register),
        Err(CeremonyError::Signature)
    );
}

#[test]
fn passkey_of_another_rp_id_is_unknown() {
    let authenticator = Authenticator::new(Algorithm::Es256);
    let (response, anna) = (authenticator.assert(), handle("anna"));
    for (rp_id, expected) in [
        ("home.example.org", Ok(())),
        ("example.org", Err(CeremonyError::UnknownCredential)),
        ("other.example.org", Err(CeremonyError::UnknownCredential)),
    ] {
        let owner = Owner {
            name: "Anna's phone",
            user_handle: &anna,
            rp_id,
        };
        let registered = verify_registration(&authenticator.register()).unwrap();
        let mut register = Register::default();
        register.add(registered, owner, NOW).unwrap();
        let verified = verify_assertion(&response, &register).map(drop);
        assert_eq!(verified, expected, "{rp_id}");
    }
}

#[test]
fn eligibility_for_backup_never_changes() {
    for (registered, asserted) in [
        (PRESENT_AND_VERIFIED, 0b1101),
        (SYNCHRONIZED, PRESENT_AND_VERIFIED),
    ] {
        let mut authenticator = Authenticator::new(Algorithm::EdDsa);
        authenticator.flags = registered;
        let register = authenticator.registered();
        authenticator.flags = asserted;
        let refused = verify_assertion(&authenticator.assert(), &register);
        assert_eq!(refused, Err(CeremonyError::BackupEligibility));
    }
}

#[test]
fn options_request_discoverable_passkeys_with_verified_users() {
    use super::{challenge::Challenge, options::User};

    let register = Authenticator::new(Algorithm::EdDsa).registered();
    let (challenge, anna) = (Challenge::from([255; 32]), handle("anna"));
    let user = User {
        handle: &anna,
        name: "Anna",
    };
    let create = home().creation_options(user, &challenge, register.passkeys().iter());
    assert_eq!(create["challenge"], base64url(&[255; 32]));
    assert_eq!(create["rp"]["id"], "home.example.org");
    assert_eq!(create["user"]["id"], base64url(b"anna"));
    assert_eq!(create["attestation"], "none");
    assert_eq!(create["timeout"], 300_000);
    let selection = &create["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");
    let algorithms = create["pubKeyCredParams"].as_array().unwrap().iter();
    let algorithms: Vec<_> = algorithms
        .map(|each| each["alg"].as_i64().unwrap())
        .collect();
    assert_eq!(algorithms, [-8, -7, -257]);
    let excluded = &create["excludeCredentials"][0];
    assert_eq!(excluded["id"], base64url(b"credential"));
    assert_eq!(excluded["transports"], json!(["internal", "hybrid"]));
    let get = home().request_options(&challenge);
    assert_eq!(get["rpId"], "home.example.org");
    assert_eq!(get["userVerification"], "required");
    assert_eq!(get["allowCredentials"], json!([]));
}

//! Ceremonies with the software authenticator: one test for each check of the specification.

mod challenges;
mod chromium;
mod keys;
mod mutations;
mod register;
mod vectors;

use serde_json::{Value, json};

use super::{
    cbor::CborError,
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
fn unusual_client_data_is_malformed() {
    for data in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "\u{feff}{}",
        r#"{"type":"webauthn.get","type":"webauthn.get","challenge":"a","origin":"b"}"#,
        r#"{"type":"webauthn.get","challenge":"a","origin":"b","crossOrigin":null}"#,
        r#"{"type":"webauthn.get","challenge":"a","origin":"b","crossOrigin":"false"}"#,
        r#"{"type":"webauthn.get","challenge":1,"origin":"b"}"#,
        r#"{"type":"webauthn.get","challenge":"a","origin":"b"}x"#,
    ] {
        let authenticator = Authenticator::new(Algorithm::EdDsa);
        let mut response = authenticator.assert();
        response["response"]["clientDataJSON"] = Value::from(base64url(data.as_bytes()));
        let refused = verify_assertion(&response, &authenticator.registered()).unwrap_err();
        let expected = if data.is_empty() {
            CeremonyError::Response
        } else {
            CeremonyError::ClientData
        };
        assert_eq!(refused, expected, "{data}");
    }
}

#[test]
fn unknown_members_of_the_client_data_are_ignored() {
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    let register = authenticator.registered();
    authenticator.client_data =
        json!({"other_keys_can_be_added_here": {"a": [1]}, "tokenBinding": null});
    verify_assertion(&authenticator.assert(), &register).unwrap();
    authenticator.client_data = json!({"long": "x".repeat(4096)});
    let refused = verify_assertion(&authenticator.assert(), &register);
    assert_eq!(refused, Err(CeremonyError::Response));
}

#[test]
fn statements_of_other_formats_are_parsed_and_ignored() {
    let statement = b"\xa3\x63alg\x26\x63sig\x43abc\x63x5c\x82\x41a\x41b".to_vec();
    for (format, statement, expected) in [
        ("none", vec![0xa0], Ok(())),
        ("packed", statement.clone(), Ok(())),
        ("tpm", vec![0xa0], Ok(())),
        ("none", statement, Err(CeremonyError::AttestationStatement)),
        (
            "a format with a name of 33 bytes!",
            vec![0xa0],
            Err(CeremonyError::AttestationStatement),
        ),
        ("packed", vec![0x80], Err(CborError::Malformed.into())),
        ("packed", vec![0xbf, 0xff], Err(CborError::NotCtap2.into())),
        (
            "packed",
            vec![0xa1, 1, 0x81, 0x81, 0x81, 0],
            Err(CborError::TooLarge.into()),
        ),
    ] {
        let mut authenticator = Authenticator::new(Algorithm::EdDsa);
        authenticator.attestation = (format, statement);
        let verified = verify_registration(&authenticator.register());
        assert_eq!(verified.map(drop), expected, "{format}");
    }
}

#[test]
fn authenticator_data_has_nothing_beside_its_parts() {
    for (flags, extensions, is_valid) in [
        (PRESENT_AND_VERIFIED, &b""[..], true),
        (PRESENT_AND_VERIFIED | 0x80, b"\xa1\x61x\x01", true),
        (PRESENT_AND_VERIFIED | 0x80, b"\xa0", true),
        (PRESENT_AND_VERIFIED, b"\xa0", false),
        (PRESENT_AND_VERIFIED, b"\0", false),
        (PRESENT_AND_VERIFIED | 0x80, b"", false),
        (PRESENT_AND_VERIFIED | 0x80, b"\x80", false),
        (PRESENT_AND_VERIFIED | 0x80, b"\xa0\0", false),
    ] {
        let mut authenticator = Authenticator::new(Algorithm::EdDsa);
        let register = authenticator.registered();
        authenticator.flags = flags;
        authenticator.extensions = extensions.to_vec();
        let expected = if is_valid {
            Ok(())
        } else {
            Err(CeremonyError::AuthenticatorData)
        };
        let registered = verify_registration(&authenticator.register()).map(drop);
        assert_eq!(registered, expected, "{flags:x} {extensions:x?}");
        let asserted = verify_assertion(&authenticator.assert(), &register).map(drop);
        assert_eq!(asserted, expected, "{flags:x} {extensions:x?}");
    }
}

#[test]
fn identifiers_are_bounded_and_agree() {
    for (length, is_valid) in [(1, true), (1023, true), (1024, false)] {
        let mut authenticator = Authenticator::new(Algorithm::Rs256);
        authenticator.id = vec![1; length];
        let verified = verify_registration(&authenticator.register());
        assert_eq!(verified.is_ok(), is_valid, "{length}");
        // The authenticator's identifier may be longer than that of the response.
        authenticator.id = vec![1; length + 1];
        let mut response = authenticator.register();
        response["rawId"] = Value::from(base64url(&vec![1; length.min(1023)]));
        let expected = match length {
            1 => CeremonyError::CredentialIdMismatch,
            _ => CeremonyError::CredentialIdLength,
        };
        assert_eq!(verify_registration(&response), Err(expected), "{length}");
    }
    let mut authenticator = Authenticator::new(Algorithm::EdDsa);
    authenticator.id.clear();
    let mut response = authenticator.register();
    response["rawId"] = Value::from("AA");
    assert_eq!(
        verify_registration(&response),
        Err(CeremonyError::CredentialIdLength)
    );
}

#[test]
fn passkey_that_is_not_discoverable_is_refused() {
    let mut response = Authenticator::new(Algorithm::EdDsa).register();
    for (results, is_valid) in [
        (json!({}), true),
        (json!({"credProps": {}}), true),
        (json!({"credProps": {"rk": true}}), true),
        (json!({"credProps": {"rk": false}}), false),
    ] {
        response["clientExtensionResults"] = results;
        let expected = if is_valid {
            Ok(())
        } else {
            Err(CeremonyError::NotDiscoverable)
        };
        assert_eq!(verify_registration(&response).map(drop), expected);
    }
}

#[test]
fn responses_are_of_public_keys_and_bounded() {
    let authenticator = Authenticator::new(Algorithm::EdDsa);
    let register = authenticator.registered();
    let long = Value::from("A".repeat(70_000));
    for (pointer, value) in [
        ("/type", Value::from("password")),
        ("/rawId", Value::from("")),
        ("/rawId", Value::from("a b")),
        ("/response", Value::Null),
        ("/response/signature", long.clone()),
        ("/response/authenticatorData", long.clone()),
        ("/response/userHandle", Value::Null),
        ("/response/userHandle", Value::from("")),
        ("/id", long),
    ] {
        let mut response = authenticator.assert();
        *response.pointer_mut(pointer).unwrap() = value;
        let refused = verify_assertion(&response, &register);
        assert_eq!(refused, Err(CeremonyError::Response), "{pointer}");
    }
}

#[test]
fn transports_are_names_and_few() {
    let mut response = Authenticator::new(Algorithm::EdDsa).register();
    let long = "x".repeat(33);
    response["response"]["transports"] =
        json!(["usb", "", "Ble", "a\u{202e}b", long, "smart-card"]);
    let registered = verify_registration(&response).unwrap();
    assert_eq!(registered.transports.names(), ["usb", "smart-card"]);
    response["response"]["transports"] = json!(vec!["nfc"; 100]);
    let registered = verify_registration(&response).unwrap();
    assert_eq!(registered.transports.names().len(), 8);
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

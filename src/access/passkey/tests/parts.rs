//! The parts of responses: their forms and bounds.

use serde_json::{Value, json};

use crate::access::passkey::{
    cbor::CborError,
    public_key::Algorithm,
    refusal::CeremonyError,
    testing::{
        Authenticator, PRESENT_AND_VERIFIED, base64url, verify_assertion, verify_registration,
    },
};

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

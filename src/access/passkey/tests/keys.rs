//! Public keys: each algorithm with exactly its parameters, and no other algorithm.

use serde_json::Value;

use crate::access::passkey::{
    cbor::CborError,
    public_key::{Algorithm, KeyError, PublicKey},
    refusal::CeremonyError,
    testing::{Authenticator, base64url, verify_assertion, verify_registration},
};

/// Replaces a part of a key that occurs once.
fn replaced(key: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut places = key.windows(from.len()).enumerate();
    let (at, _) = places.find(|(_, part)| *part == from).unwrap();
    [&key[..at], to, &key[at + from.len()..]].concat()
}

fn key(algorithm: Algorithm) -> Vec<u8> {
    Authenticator::new(algorithm).cose_key()
}

fn fault(key: &[u8]) -> Option<KeyError> {
    PublicKey::parse(key).err()
}

#[test]
fn key_is_stored_as_it_was_registered() {
    for algorithm in Algorithm::OFFERED {
        let cose = key(algorithm);
        let parsed = PublicKey::parse(&cose).unwrap();
        let text = serde_json::to_string(&parsed).unwrap();
        assert_eq!(text, format!("\"{}\"", base64url(&cose)));
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), parsed);
    }
    assert!(serde_json::from_str::<PublicKey>("\"oA\"").is_err());
}

#[test]
fn algorithm_of_another_key_type_is_refused() {
    let (ed25519, p256, rsa) = (
        key(Algorithm::EdDsa),
        key(Algorithm::Es256),
        key(Algorithm::Rs256),
    );
    for (key, from, to) in [
        // The algorithm of another key type.
        (&ed25519, &[3, 0x27][..], &[3, 0x26][..]),
        (&p256, &[3, 0x26], &[3, 0x27]),
        (&rsa, &[3, 0x39, 1, 0], &[3, 0x26]),
        (&p256, &[3, 0x26], &[3, 0x39, 1, 0]),
        // Another key type or curve.
        (&ed25519, &[1, 1], &[1, 2]),
        (&p256, &[1, 2], &[1, 1]),
        (&rsa, &[1, 3], &[1, 2]),
        (&ed25519, &[0x20, 6], &[0x20, 4]),
        (&p256, &[0x20, 1], &[0x20, 2]),
        (&p256, &[0x20, 1], &[0x20, 8]),
    ] {
        let changed = replaced(key, from, to);
        assert!(fault(&changed).is_some(), "{from:x?} {to:x?}");
    }
    for number in [-9_i64, -19, -35, -36, -37, -39, -65535, 0, 5] {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.i64(number).unwrap();
        let changed = replaced(&p256, &[3, 0x26], &[&[3][..], encoder.writer()].concat());
        assert_eq!(fault(&changed), Some(KeyError::Algorithm(number)));
    }
}

#[test]
fn parameters_are_exactly_those_of_the_algorithm() {
    let p256 = key(Algorithm::Es256);
    let (head, coordinates) = p256.split_at(7);
    let (x, y) = (&coordinates[..35], &coordinates[35..]);
    let without_y = [&[0xa4], &head[1..], x].concat();
    assert_eq!(fault(&without_y), Some(KeyError::Parameters));
    let compressed = [head, x, &[0x22, 0xf5]].concat();
    assert_eq!(
        fault(&compressed),
        Some(KeyError::Cbor(CborError::Malformed))
    );
    let zero = [head, x, &[0x22, 0x58, 32], &[0; 32]].concat();
    assert_eq!(fault(&zero), Some(KeyError::Parameters));
    let short = [head, x, &[0x22, 0x58, 31], &y[3..34]].concat();
    assert_eq!(fault(&short), Some(KeyError::Parameters));
    let more = [&[0xa6], &p256[1..], &[4, 0x81, 2]].concat();
    assert_eq!(fault(&more), Some(KeyError::Parameters));
    let twice = [&[0xa6], &p256[1..], &[3, 0x26]].concat();
    assert_eq!(fault(&twice), Some(KeyError::Cbor(CborError::DuplicateKey)));
    let after = [&p256[..], &[0]].concat();
    assert_eq!(
        fault(&after),
        Some(KeyError::Cbor(CborError::TrailingBytes))
    );
    assert_eq!(fault(&[]), Some(KeyError::Cbor(CborError::TooLarge)));
    assert_eq!(fault(&[0; 1025]), Some(KeyError::Cbor(CborError::TooLarge)));
}

#[test]
fn rsa_keys_have_2048_to_4096_bits_and_a_small_odd_exponent() {
    let rsa = |n: &[u8], e: &[u8]| {
        let mut cbor = minicbor::Encoder::new(Vec::new());
        cbor.map(4).unwrap().i8(1).unwrap().i8(3).unwrap();
        cbor.i8(3).unwrap().i16(-257).unwrap();
        cbor.i8(-1)
            .unwrap()
            .bytes(n)
            .unwrap()
            .i8(-2)
            .unwrap()
            .bytes(e)
            .unwrap();
        fault(cbor.writer())
    };
    let odd = |first: u8, length: usize| {
        let mut n = vec![0xff; length];
        n[0] = first;
        n
    };
    let f4 = &[1, 0, 1][..];
    assert_eq!(rsa(&odd(0x80, 256), f4), None);
    assert_eq!(rsa(&odd(0xff, 512), f4), None);
    for (n, e) in [
        (odd(0x7f, 256), f4),
        (odd(0xff, 128), f4),
        (odd(0x01, 513), f4),
        (odd(0x00, 257), f4),
        (vec![], f4),
        ([&odd(0xff, 255)[..], &[0xfe]].concat(), f4),
        (odd(0xff, 256), &[]),
        (odd(0xff, 256), &[1]),
        (odd(0xff, 256), &[2]),
        (odd(0xff, 256), &[0, 3]),
        (odd(0xff, 256), &[1, 0, 0, 0, 1]),
    ] {
        assert_eq!(rsa(&n, e), Some(KeyError::Parameters), "{} {e:x?}", n.len());
    }
}

#[test]
fn signature_of_another_key_or_algorithm_is_refused() {
    for (registered, signing) in [
        (Algorithm::Es256, Algorithm::Es256),
        (Algorithm::EdDsa, Algorithm::EdDsa),
        (Algorithm::Es256, Algorithm::EdDsa),
        (Algorithm::Es256, Algorithm::Rs256),
        (Algorithm::EdDsa, Algorithm::Es256),
        (Algorithm::Rs256, Algorithm::Es256),
    ] {
        let register = Authenticator::new(registered).registered();
        let mut response = Authenticator::new(signing).assert();
        // A response cannot select an algorithm.
        response["response"]["publicKeyAlgorithm"] = Value::from(signing.number());
        response["response"]["alg"] = Value::from(signing.number());
        let refused = verify_assertion(&response, &register);
        assert_eq!(
            refused,
            Err(CeremonyError::Signature),
            "{registered:?} {signing:?}"
        );
    }
}

#[test]
fn registration_with_a_key_that_is_not_offered_is_refused() {
    let mut authenticator = Authenticator::new(Algorithm::Es256);
    let es512 = replaced(&authenticator.cose_key(), &[3, 0x26], &[3, 0x38, 35]);
    authenticator.cose = Some(es512);
    let refused = verify_registration(&authenticator.register());
    assert_eq!(refused, Err(CeremonyError::Key(KeyError::Algorithm(-36))));
}

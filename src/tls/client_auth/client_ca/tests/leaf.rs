//! Dates, key usage and key of the leaf.

use std::time::Duration;

use rcgen::{PublicKeyData, SignatureAlgorithm};
use time::macros::datetime;

use crate::tls::{
    client_auth::client_ca::tests::*,
    testing::{ca_params, changed},
};

#[test]
fn expired_certificate_is_refused_with_its_end() {
    let reason = judged(|params| {
        params.not_before = datetime!(2025-01-03 12:00 UTC);
        params.not_after = datetime!(2026-01-03 12:00 UTC);
    });
    assert_eq!(
        reason.unwrap_err().to_string(),
        "the certificate ended on 3 January 2026"
    );
}

#[test]
fn certificate_not_yet_valid_is_refused_with_its_begin() {
    let reason = judged(|params| {
        params.not_before = datetime!(2099-11-03 12:00 UTC);
        params.not_after = datetime!(2100-11-03 12:00 UTC);
    });
    let text = reason.unwrap_err().to_string();
    assert_eq!(text, "the certificate is valid only from 3 November 2099");
}

#[test]
fn verdict_is_of_the_given_moment() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let (issued, judge) = (ca.issue("phone"), ca.client_ca(&folder));
    let later = SystemTime::now() + Duration::from_secs(400 * 86_400);
    assert!(judge.validate(&issued.chain, SystemTime::now()).is_ok());
    assert!(matches!(
        judge.validate(&issued.chain, later),
        Err(ClientCertificateError::Expired(_))
    ));
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert!(matches!(
        judge.validate(&issued.chain, before_1970),
        Err(ClientCertificateError::CaNotYetValid(_))
    ));
}

#[test]
fn certificate_without_client_auth_is_refused() {
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
    for usages in [vec![ServerAuth], vec![Any]] {
        let reason = judged(|params| params.extended_key_usages = usages).unwrap_err();
        assert_eq!(
            reason.to_string(),
            "the certificate was not made for clients"
        );
    }
    let reason = judged(|params| params.extended_key_usages = vec![]);
    assert_eq!(reason.unwrap_err(), ClientCertificateError::NoUsage);
    judged(|params| params.extended_key_usages = vec![ServerAuth, ClientAuth]).unwrap();
}

#[test]
fn altered_certificate_is_refused() {
    let ca = TestCa::new("Home CA");
    let mut issued = ca.issue("phone-of-anna");
    let mut der = issued.chain[0].to_vec();
    let at = der
        .windows(5)
        .position(|window| window == b"phone")
        .unwrap();
    der[at] = b'P';
    issued.chain = vec![der.into()];
    assert_eq!(
        verdict(&ca, &issued).unwrap_err(),
        ClientCertificateError::BadSignature
    );
}

#[test]
fn ca_certificate_is_refused() {
    let ca = TestCa::new("Home CA");
    let usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = ca.issue_with(changed(ca_params("sub"), |params| {
        params.extended_key_usages = usages;
    }));
    assert_eq!(
        verdict(&ca, &leaf).unwrap_err(),
        ClientCertificateError::IsCa
    );
}

/// An RSA key of 1024 bits, which rcgen does not generate.
struct ShortKey(Vec<u8>);

impl PublicKeyData for ShortKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

#[test]
fn short_rsa_key_is_refused_with_its_bits() {
    let ca = TestCa::new("Home CA");
    let modulus = [&[0x02, 0x81, 0x81, 0x00], [0xC5; 128].as_slice()].concat();
    let exponent = [0x02, 0x03, 0x01, 0x00, 0x01];
    let key = [&[0x30, 0x81, 0x89], modulus.as_slice(), &exponent].concat();
    let mut issued = ca.issue("phone");
    let certificate = leaf_params("phone")
        .signed_by(&ShortKey(key), &ca.issuer)
        .unwrap();
    issued.chain = vec![certificate.der().clone()];
    let text = verdict(&ca, &issued).unwrap_err().to_string();
    assert!(text.contains("RSA key of 1024 bits is too short"), "{text}");
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let judge = ca.client_ca(&folder);
    let good = ca.issue("phone").chain[0].to_vec();
    for bytes in [
        vec![],
        vec![0x30],
        good[..40].to_vec(),
        [good.as_slice(), &[0]].concat(),
    ] {
        let chain = [CertificateDer::from(bytes)];
        assert_eq!(
            judge.validate(&chain, SystemTime::now()),
            Err(ClientCertificateError::Malformed)
        );
    }
}

#[test]
fn certificate_with_an_unsafe_signature_algorithm_is_refused() {
    let ca = TestCa::new("Home CA");
    let mut issued = ca.issue("phone");
    let mut der = issued.chain[0].to_vec();
    let sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    for at in 0..der.len() - sha256.len() {
        if der[at..].starts_with(&sha256) {
            der[at + 7] = 0x01; // SHA-224
        }
    }
    issued.chain = vec![der.into()];
    assert_eq!(
        verdict(&ca, &issued).unwrap_err(),
        ClientCertificateError::WeakSignature
    );
}

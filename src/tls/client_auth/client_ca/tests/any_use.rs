//! Certificates without extended key usage, under `any_use`.

use crate::tls::{
    client_auth::client_ca::tests::*,
    testing::{ca_params, changed, version_1},
};

/// Validates a leaf under `any_use`, with or without a revocation list.
fn lenient(
    ca: &TestCa,
    list: Option<&str>,
    issued: &TestLeaf,
) -> Result<Identity, ClientCertificateError> {
    let folder = Folder::new();
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = list.map(|list| folder.write("crl.pem", list));
    let judge = client_ca(&file, crl.as_deref(), &[]).unwrap();
    let judge = judge.with_any_use(true);
    judge.validate(&issued.chain, SystemTime::now())
}

fn without_usages(name: &str) -> CertificateParams {
    changed(leaf_params(name), |params| {
        params.extended_key_usages = Vec::new();
    })
}

#[test]
fn any_use_accepts_no_key_usage_but_refuses_other_key_usages() {
    use ExtendedKeyUsagePurpose::{Any, ServerAuth};
    let ca = TestCa::new("Home CA");
    let identity = lenient(&ca, None, &ca.issue_with(without_usages("anna"))).unwrap();
    assert_eq!(identity.common_name(), Some("anna"));
    lenient(&ca, None, &ca.issue("bert")).unwrap();
    for usage in [ServerAuth, Any] {
        let mut params = leaf_params("anna");
        params.extended_key_usages = vec![usage];
        let issued = ca.issue_with(params);
        assert_eq!(
            lenient(&ca, None, &issued),
            Err(ClientCertificateError::NotForClients)
        );
    }
}

#[test]
fn netscape_type_for_servers_is_refused() {
    let ca = TestCa::new("Home CA");
    for (bits, verdict) in [
        (0x80, None),
        (0x40, Some(ClientCertificateError::NotForClients)),
    ] {
        let mut params = without_usages("anna");
        let oid = [2, 16, 840, 1, 113_730, 1, 1];
        let kind = rcgen::CustomExtension::from_oid_content(&oid, vec![3, 2, 6, bits]);
        params.custom_extensions = vec![kind];
        let judged = lenient(&ca, None, &ca.issue_with(params));
        assert_eq!(judged.err(), verdict, "{bits:x}");
    }
}

#[test]
fn ca_certificate_is_refused_under_any_use() {
    let ca = TestCa::new("Home CA");
    let below = ca.issue_with(ca_params("below"));
    assert_eq!(
        lenient(&ca, None, &below),
        Err(ClientCertificateError::IsCa)
    );
}

#[test]
fn version_1_directly_below_the_ca_is_valid_until_it_is_revoked() {
    let ca = TestCa::new("Home CA");
    let anna = version_1(&ca, ca.issue("anna"));
    let identity = lenient(&ca, None, &anna).unwrap();
    assert_eq!(identity.common_name(), Some("anna"));
    assert_eq!(verdict(&ca, &anna), Err(ClientCertificateError::OldVersion));
    let other = ca.issue("other");
    lenient(&ca, Some(&ca.revoke(&[&other.serial], 30)), &anna).unwrap();
    let revoked = ca.revoke(&[&anna.serial], 30);
    assert_eq!(
        lenient(&ca, Some(&revoked), &anna),
        Err(ClientCertificateError::Revoked)
    );
    let ended = lenient(&ca, Some(&ca.revoke(&[], -1)), &anna);
    assert!(
        matches!(ended, Err(ClientCertificateError::CrlExpired(_))),
        "{ended:?}"
    );
    let foreign = TestCa::new("Home CA").revoke(&[], 30);
    let unknown = lenient(&ca, Some(&foreign), &anna);
    assert_eq!(unknown, Err(ClientCertificateError::RevocationUnknown));
}

#[test]
fn expired_version_1_is_refused() {
    let ca = TestCa::new("Home CA");
    let begin = OffsetDateTime::now_utc() - time::Duration::days(9);
    let ended = changed(leaf_params("anna"), |params| {
        params.not_before = begin;
        params.not_after = begin + time::Duration::DAY;
    });
    let ended = lenient(&ca, None, &version_1(&ca, ca.issue_with(ended)));
    assert!(
        matches!(ended, Err(ClientCertificateError::Expired(_))),
        "{ended:?}"
    );
}

#[test]
fn version_1_of_another_ca_is_refused() {
    let (ca, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let foreign = version_1(&twin, twin.issue("anna"));
    assert_eq!(
        lenient(&ca, None, &foreign),
        Err(ClientCertificateError::BadSignature)
    );
    let away = TestCa::new("Away CA");
    let foreign = version_1(&away, away.issue("anna"));
    assert_eq!(
        lenient(&ca, None, &foreign),
        Err(ClientCertificateError::OtherCa)
    );
}

#[test]
fn version_1_is_neither_a_ca_nor_below_an_intermediate() {
    let ca = TestCa::new("Home CA");
    let twin = version_1(&ca, ca.issue("Home CA"));
    assert_eq!(lenient(&ca, None, &twin), Err(ClientCertificateError::IsCa));
    let below = ca.intermediate(ca_params("Below"));
    let deep = version_1(&below, below.issue("anna")).through(&[&below]);
    assert_eq!(
        lenient(&ca, None, &deep),
        Err(ClientCertificateError::OtherCa)
    );
    // A certificate of version 1 as intermediate.
    let mut old = version_1(&ca, ca.issue("old"));
    let issuer = rcgen::Issuer::new(leaf_params("old"), old.key);
    let key = crate::tls::testing::new_key();
    let leaf = leaf_params("anna").signed_by(&key, &issuer).unwrap();
    old.chain.insert(0, leaf.der().clone());
    let chain = TestLeaf {
        chain: old.chain,
        key,
        pem: String::new(),
        serial: old.serial,
    };
    assert!(lenient(&ca, None, &chain).is_err());
}

//! Certificates without usages, where the owner takes them.

use super::*;
use crate::tls::testing::{ca_params, changed, version_1};

/// The verdict of a CA that takes any use, with its list of revoked certificates or without.
fn lenient(ca: &TestCa, list: Option<&str>, issued: &Issued) -> Result<Identity, Reason> {
    let folder = Folder::new();
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = list.map(|list| folder.write("crl.pem", list));
    let judge = client_ca(&file, crl.as_deref(), &[]).unwrap();
    let judge = judge.taking_any_use(true);
    judge.judge(&issued.chain, SystemTime::now())
}

fn without_usages(name: &str) -> CertificateParams {
    changed(leaf_params(name), |params| {
        params.extended_key_usages = Vec::new();
    })
}

#[test]
fn certificate_without_usages_is_taken_and_one_for_others_is_not() {
    use ExtendedKeyUsagePurpose::{Any, ServerAuth};
    let ca = TestCa::new("Home CA");
    let identity = lenient(&ca, None, &ca.issue_with(without_usages("anna"))).unwrap();
    assert_eq!(identity.common_name(), Some("anna"));
    lenient(&ca, None, &ca.issue("bert")).unwrap();
    for usage in [ServerAuth, Any] {
        let mut params = leaf_params("anna");
        params.extended_key_usages = vec![usage];
        let issued = ca.issue_with(params);
        assert_eq!(lenient(&ca, None, &issued), Err(Reason::NotForClients));
    }
}

#[test]
fn netscape_type_for_servers_is_no_clients() {
    let ca = TestCa::new("Home CA");
    for (bits, verdict) in [(0x80, None), (0x40, Some(Reason::NotForClients))] {
        let mut params = without_usages("anna");
        let oid = [2, 16, 840, 1, 113_730, 1, 1];
        let kind = rcgen::CustomExtension::from_oid_content(&oid, vec![3, 2, 6, bits]);
        params.custom_extensions = vec![kind];
        let judged = lenient(&ca, None, &ca.issue_with(params));
        assert_eq!(judged.err(), verdict, "{bits:x}");
    }
}

#[test]
fn authority_is_no_client_without_usages_either() {
    let ca = TestCa::new("Home CA");
    let below = ca.issue_with(ca_params("below"));
    assert_eq!(lenient(&ca, None, &below), Err(Reason::IsCa));
}

#[test]
fn version_1_is_taken_below_the_ca_itself_until_it_is_revoked() {
    let ca = TestCa::new("Home CA");
    let anna = version_1(&ca, ca.issue("anna"));
    let identity = lenient(&ca, None, &anna).unwrap();
    assert_eq!(identity.common_name(), Some("anna"));
    assert_eq!(verdict(&ca, &anna), Err(Reason::OldVersion));
    let other = ca.issue("other");
    lenient(&ca, Some(&ca.revoke(&[&other.serial], 30)), &anna).unwrap();
    let revoked = ca.revoke(&[&anna.serial], 30);
    assert_eq!(lenient(&ca, Some(&revoked), &anna), Err(Reason::Revoked));
    let ended = lenient(&ca, Some(&ca.revoke(&[], -1)), &anna);
    assert!(matches!(ended, Err(Reason::CrlExpired(_))), "{ended:?}");
    let foreign = TestCa::new("Home CA").revoke(&[], 30);
    let unknown = lenient(&ca, Some(&foreign), &anna);
    assert_eq!(unknown, Err(Reason::RevocationUnknown));
}

#[test]
fn version_1_has_dates_too() {
    let ca = TestCa::new("Home CA");
    let begin = OffsetDateTime::now_utc() - time::Duration::days(9);
    let ended = changed(leaf_params("anna"), |params| {
        params.not_before = begin;
        params.not_after = begin + time::Duration::DAY;
    });
    let ended = lenient(&ca, None, &version_1(&ca, ca.issue_with(ended)));
    assert!(matches!(ended, Err(Reason::Expired(_))), "{ended:?}");
}

#[test]
fn version_1_of_another_ca_or_altered_is_refused() {
    let (ca, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let foreign = version_1(&twin, twin.issue("anna"));
    assert_eq!(lenient(&ca, None, &foreign), Err(Reason::BadSignature));
    let stranger = TestCa::new("Away CA");
    let strange = version_1(&stranger, stranger.issue("anna"));
    assert_eq!(lenient(&ca, None, &strange), Err(Reason::OtherCa));
}

#[test]
fn version_1_is_never_a_ca_nor_below_another_certificate() {
    let ca = TestCa::new("Home CA");
    let twin = version_1(&ca, ca.issue("Home CA"));
    assert_eq!(lenient(&ca, None, &twin), Err(Reason::IsCa));
    let below = ca.intermediate(ca_params("Below"));
    let deep = version_1(&below, below.issue("anna")).through(&[&below]);
    assert_eq!(lenient(&ca, None, &deep), Err(Reason::OtherCa));
    // A certificate of version 1 in the place of an intermediate.
    let mut old = version_1(&ca, ca.issue("old"));
    let issuer = rcgen::Issuer::new(leaf_params("old"), old.key);
    let key = crate::tls::testing::new_key();
    let leaf = leaf_params("anna").signed_by(&key, &issuer).unwrap();
    old.chain.insert(0, leaf.der().clone());
    let chain = Issued {
        chain: old.chain,
        key,
        pem: String::new(),
        serial: old.serial,
    };
    assert!(lenient(&ca, None, &chain).is_err());
}

//! Revocation lists.

use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};
use time::Duration;

use crate::tls::{client_auth::client_ca::tests::*, testing::ca_params};

#[test]
fn revoked_certificate_is_refused_and_others_pass() {
    let ca = TestCa::new("Home CA");
    let (lost, kept) = (ca.issue("lost"), ca.issue("kept"));
    let list = ca.revoke(&[&lost.serial], 30);
    assert_eq!(
        listed(&ca, &list, &lost),
        Err(ClientCertificateError::Revoked)
    );
    listed(&ca, &list, &kept).unwrap();
}

#[test]
fn list_in_der_is_loaded() {
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let pem = ca.revoke(&[&lost.serial], 30);
    let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap();
    assert_eq!(
        listed(&ca, &der, &lost),
        Err(ClientCertificateError::Revoked)
    );
}

#[test]
fn expired_list_refuses_every_certificate_with_a_warning() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = folder.write("crl.pem", ca.revoke(&[], -1));
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    assert!(
        judge.warnings()[0]
            .to_string()
            .contains("so every certificate that CN=Home CA signed is refused")
    );
    let reason = judge.validate(&ca.issue("phone").chain, SystemTime::now());
    assert!(matches!(reason, Err(ClientCertificateError::CrlExpired(_))));
}

#[test]
fn revoked_intermediate_refuses_its_leaves() {
    let root = TestCa::new("Home CA");
    let mut params = ca_params("Below");
    params.serial_number = Some(7.into());
    let below = root.intermediate(params);
    let leaf = below.issue("phone").through(&[&below]);
    let list = root.revoke(&[&7.into()], 30);
    assert!(listed(&root, &list, &leaf).is_err());
    let nothing_revoked = root.revoke(&[], 30);
    let unknown = listed(&root, &nothing_revoked, &leaf);
    assert_eq!(
        unknown,
        Err(ClientCertificateError::RevocationUnknown),
        "the intermediate has no list"
    );
}

#[test]
fn ca_without_a_list_refuses_certificates_with_a_warning() {
    let folder = Folder::new();
    let (home, away) = (TestCa::new("Home CA"), TestCa::new("Away CA"));
    let file = folder.write("ca.pem", home.certificate.pem() + &away.certificate.pem());
    let crl = folder.write("crl.pem", home.revoke(&[], 30));
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    let warnings = judge.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .to_string()
            .contains("crl.pem: there is no revocation list of CN=Away CA")
    );
    let reason = judge.validate(&away.issue("phone").chain, SystemTime::now());
    assert_eq!(reason, Err(ClientCertificateError::RevocationUnknown));
}

#[test]
fn list_by_another_ca_of_the_same_name_is_not_used() {
    let (home, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let (judge, _folder) = with_list(&home.certificate.pem(), &twin.revoke(&[], 30));
    let warnings: Vec<_> = judge.warnings().iter().map(ToString::to_string).collect();
    assert!(warnings[0].contains("crl.pem: the revocation list is in the name of CN=Home CA, but"));
    assert!(warnings[1].contains("there is no revocation list of CN=Home CA"));
    let reason = judge.validate(&home.issue("phone").chain, SystemTime::now());
    assert_eq!(reason, Err(ClientCertificateError::RevocationUnknown));
}

#[test]
fn list_of_a_ca_outside_the_file_is_a_warning_only() {
    let (home, away) = (TestCa::new("Home CA"), TestCa::new("Away CA"));
    let lists = away.revoke(&[], 30) + &home.revoke(&[], 30);
    let (judge, _folder) = with_list(&home.certificate.pem(), &lists);
    let warnings = judge.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .contains("in the name of CN=Away CA, which is not in")
    );
    judge
        .validate(&home.issue("phone").chain, SystemTime::now())
        .unwrap();
}

#[test]
fn list_of_an_intermediate_that_the_client_presents_counts() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(ca_params("Below"));
    let (lost, kept) = (below.issue("lost"), below.issue("kept"));
    let lists = below.revoke(&[&lost.serial], 30) + &root.revoke(&[], 30);
    let (judge, _folder) = with_list(&root.certificate.pem(), &lists);
    let judged =
        |issued: TestLeaf| judge.validate(&issued.through(&[&below]).chain, SystemTime::now());
    assert_eq!(judged(lost), Err(ClientCertificateError::Revoked));
    judged(kept).unwrap();
}

#[test]
fn newest_list_of_a_ca_decides_in_any_order() {
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let old = ca.revoke_since(&[], 30, 60);
    let new = ca.revoke_since(&[&lost.serial], 30, 1);
    for lists in [old.clone() + &new, new + &old] {
        assert_eq!(
            listed(&ca, &lists, &lost),
            Err(ClientCertificateError::Revoked)
        );
    }
}

#[test]
fn crl_number_decides_between_lists_of_the_same_date() {
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let now = OffsetDateTime::now_utc();
    let dates = [now - Duration::days(1), now + Duration::days(30)];
    let old = ca.revoke_numbered(&[], 4, dates);
    let new = ca.revoke_numbered(&[&lost.serial], 260, dates);
    for lists in [old.clone() + &new, new + &old] {
        assert_eq!(
            listed(&ca, &lists, &lost),
            Err(ClientCertificateError::Revoked)
        );
    }
}

#[test]
fn two_cas_of_the_same_name_have_separate_lists() {
    let (old, new) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let cas = old.certificate.pem() + &new.certificate.pem();
    let lost = new.issue("lost");
    let lists = old.revoke(&[], 30) + &new.revoke(&[&lost.serial], 30);
    let (judge, _folder) = with_list(&cas, &lists);
    assert!(judge.warnings().is_empty(), "{:?}", judge.warnings());
    let judged = |issued: &TestLeaf| judge.validate(&issued.chain, SystemTime::now());
    judged(&old.issue("phone")).unwrap();
    judged(&new.issue("phone")).unwrap();
    assert_eq!(judged(&lost), Err(ClientCertificateError::Revoked));
}

#[test]
fn damaged_or_missing_list_is_an_error() {
    let pem = TestCa::new("Home CA").certificate.pem();
    assert!(refused(&pem, Some("no list")).contains("crl.pem: damaged revocation list"));
    assert!(refused(&pem, Some("")).contains("crl.pem: the file is empty"));
}

fn with_list(cas: &str, lists: &str) -> (ClientCa, Folder) {
    let folder = Folder::new();
    let ca = folder.write("ca.pem", cas);
    let crl = folder.write("crl.pem", lists);
    (client_ca(&ca, Some(&crl), &[]).unwrap(), folder)
}

#[test]
fn list_of_version_1_refuses_exactly_the_revoked_certificates() {
    let ca = TestCa::new("Home CA");
    let (lost, kept) = (ca.issue("lost"), ca.issue("kept"));
    let list = ca.revoke_by_version_1(&[&lost.serial], 30);
    assert_eq!(
        listed(&ca, &list, &lost),
        Err(ClientCertificateError::Revoked)
    );
    listed(&ca, &list, &kept).unwrap();
}

#[test]
fn expired_list_of_version_1_refuses_every_certificate() {
    let ca = TestCa::new("Home CA");
    let reason = listed(&ca, ca.revoke_by_version_1(&[], -1), &ca.issue("phone"));
    assert!(
        matches!(reason, Err(ClientCertificateError::CrlExpired(_))),
        "{reason:?}"
    );
}

#[test]
fn list_of_version_1_by_another_key_is_not_used() {
    let (home, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let list = twin.revoke_by_version_1(&[], 30);
    let reason = listed(&home, list, &home.issue("phone"));
    assert_eq!(reason, Err(ClientCertificateError::RevocationUnknown));
}

#[test]
fn lists_of_both_versions_cover_a_path_together() {
    let root = TestCa::new("Home CA");
    let mut params = ca_params("Below");
    params.serial_number = Some(7.into());
    let below = root.intermediate(params);
    let (kept, lost) = (below.issue("kept"), below.issue("lost"));
    let (kept, lost) = (kept.through(&[&below]), lost.through(&[&below]));
    let cas = root.certificate.pem() + &below.certificate.pem();
    let judged = |lists: String, issued: &TestLeaf| {
        let (judge, _folder) = with_list(&cas, &lists);
        judge.validate(&issued.chain, SystemTime::now()).map(|_| ())
    };
    let (root_1, root_2) = (root.revoke_by_version_1(&[], 30), root.revoke(&[], 30));
    let below_1 = below.revoke_by_version_1(&[&lost.serial], 30);
    let below_2 = below.revoke(&[&lost.serial], 30);
    for lists in [
        [&root_1, &below_2],
        [&root_2, &below_1],
        [&root_1, &below_1],
    ] {
        let lists = lists.map(String::as_str).concat();
        assert_eq!(judged(lists.clone(), &kept), Ok(()), "{lists}");
        assert_eq!(
            judged(lists.clone(), &lost),
            Err(ClientCertificateError::Revoked),
            "{lists}"
        );
    }
    for list in [root_1, below_1] {
        assert_eq!(
            judged(list, &kept),
            Err(ClientCertificateError::RevocationUnknown)
        );
    }
    let without_below = root.revoke_by_version_1(&[&7.into()], 30) + &below_2;
    assert_eq!(
        judged(without_below, &kept),
        Err(ClientCertificateError::Revoked)
    );
}

#[test]
fn list_of_version_1_is_a_warning_with_the_way_to_version_2() {
    let ca = TestCa::new("Home CA");
    let list = ca.revoke_by_version_1(&[], 30);
    let (judge, _folder) = with_list(&ca.certificate.pem(), &list);
    let warning = judge.warnings()[0].to_string();
    for part in ["crl.pem", "version 1", "version 2", "crlnumber = crlnumber"] {
        assert!(warning.contains(part), "{warning}");
    }
}

#[test]
fn list_of_version_1_counts_beside_a_list_of_a_presented_intermediate() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(ca_params("Below"));
    let (lost, kept) = (below.issue("lost"), below.issue("kept"));
    let root_1 = root.revoke_by_version_1(&[], 30);
    let judged = |lists: &str, issued: &TestLeaf| {
        let (judge, _folder) = with_list(&root.certificate.pem(), lists);
        judge.validate(&issued.chain, SystemTime::now()).map(|_| ())
    };
    let (lost, kept) = (lost.through(&[&below]), kept.through(&[&below]));
    let both = root_1.clone() + &below.revoke(&[&lost.serial], 30);
    assert_eq!(judged(&both, &lost), Err(ClientCertificateError::Revoked));
    assert_eq!(judged(&both, &kept), Ok(()));
    assert_eq!(
        judged(&root_1, &kept),
        Err(ClientCertificateError::RevocationUnknown)
    );
    let ended = judged(&(root_1.clone() + &below.revoke(&[], -1)), &kept);
    assert!(
        matches!(ended, Err(ClientCertificateError::CrlExpired(_))),
        "{ended:?}"
    );
    let twin = TestCa::new("Home CA").intermediate(ca_params("Below"));
    assert!(judged(&(root_1 + &twin.revoke(&[], 30)), &kept).is_err());
}

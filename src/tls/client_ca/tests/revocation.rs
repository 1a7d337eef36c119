//! Lists of revoked certificates.

use rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};

use super::*;
use crate::tls::testing::ca_params;

#[test]
fn revoked_certificate_is_refused_and_others_pass() {
    let ca = TestCa::new("Home CA");
    let (lost, kept) = (ca.issue("lost"), ca.issue("kept"));
    let list = ca.revoke(&[&lost.serial], 30);
    assert_eq!(listed(&ca, &list, &lost), Err(Reason::Revoked));
    listed(&ca, &list, &kept).unwrap();
}

#[test]
fn der_list_is_taken_too() {
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let pem = ca.revoke(&[&lost.serial], 30);
    let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap();
    assert_eq!(listed(&ca, &der, &lost), Err(Reason::Revoked));
}

#[test]
fn list_that_has_ended_refuses_everybody_and_warns() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = folder.write("crl.pem", ca.revoke(&[], -1));
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    assert!(
        judge.warnings()[0]
            .to_string()
            .contains("so every certificate is refused")
    );
    let reason = judge.judge(&ca.issue("phone").chain, SystemTime::now());
    assert!(matches!(reason, Err(Reason::CrlExpired(_))));
}

#[test]
fn revoked_intermediate_takes_its_leaves_with_it() {
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
        Err(Reason::RevocationUnknown),
        "no list of the intermediate's own"
    );
}

#[test]
fn ca_without_a_list_among_others_with_one_is_told() {
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
    let reason = judge.judge(&away.issue("phone").chain, SystemTime::now());
    assert_eq!(reason, Err(Reason::RevocationUnknown));
}

#[test]
fn list_of_another_ca_or_none_is_an_error() {
    let (home, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let pem = home.certificate.pem();
    let fault = refused(&pem, Some(&twin.revoke(&[], 30)));
    assert!(
        fault.contains("crl.pem: the list is in the name of CN=Home CA, and none"),
        "{fault}"
    );
    assert!(refused(&pem, Some("no list")).contains("crl.pem: damaged revocation list"));
    assert!(refused(&pem, Some("")).contains("crl.pem: the file is empty"));
}

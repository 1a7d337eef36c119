//! Intermediate CAs in the file: parts of paths, but no trust anchors.

use rcgen::{BasicConstraints, IsCa};
use time::{Duration, OffsetDateTime};

use crate::tls::{
    client_auth::client_ca::tests::*,
    testing::{ca_params, changed},
};

/// Validates a leaf by a file with these certificates.
fn by(file: &[&TestCa], issued: &TestLeaf) -> Result<(), ClientCertificateError> {
    by_lists(file, None, issued)
}

fn by_lists(
    file: &[&TestCa],
    lists: Option<String>,
    issued: &TestLeaf,
) -> Result<(), ClientCertificateError> {
    let folder = Folder::new();
    let pem: String = file.iter().map(|ca| ca.certificate.pem()).collect();
    let ca = folder.write("ca.pem", pem);
    let crl = lists.map(|lists| folder.write("crl.pem", lists));
    let judge = client_ca(&ca, crl.as_deref(), &[]).unwrap();
    judge.validate(&issued.chain, SystemTime::now()).map(|_| ())
}

#[test]
fn path_uses_an_intermediate_of_the_file_that_the_client_omits() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(ca_params("Below"));
    let deep = below.intermediate(ca_params("Deep"));
    let phone = deep.issue("phone");
    for file in [[&root, &below, &deep], [&deep, &root, &below]] {
        by(&file, &phone).unwrap();
    }
    by(&[&root, &below], &deep.issue("phone").through(&[&deep])).unwrap();
    assert_eq!(by(&[&root], &phone), Err(ClientCertificateError::OtherCa));
}

#[test]
fn revoked_intermediate_in_the_file_refuses_its_leaves() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(changed(ca_params("Below"), |params| {
        params.serial_number = Some(7.into());
    }));
    let phone = below.issue("phone");
    let lists = |revoked| Some(root.revoke(revoked, 30) + &below.revoke(&[], 30));
    by_lists(&[&root, &below], lists(&[]), &phone).unwrap();
    let revoked = by_lists(&[&root, &below], lists(&[&7.into()]), &phone);
    assert_eq!(revoked, Err(ClientCertificateError::Revoked));
}

#[test]
fn expired_intermediate_in_the_file_refuses_its_leaves() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(changed(ca_params("Below"), |params| {
        params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
    }));
    let judged = by(&[&root, &below], &below.issue("phone"));
    assert!(
        matches!(judged, Err(ClientCertificateError::Expired(_))),
        "{judged:?}"
    );
}

#[test]
fn path_length_of_the_anchor_limits_intermediates_in_the_file() {
    let root = TestCa::with(changed(ca_params("Home CA"), |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }));
    let below = root.intermediate(ca_params("Below"));
    let judged = by(&[&root, &below], &below.issue("phone"));
    assert_eq!(judged, Err(ClientCertificateError::ChainTooLong));
    by(&[&root, &below], &root.issue("phone")).unwrap();
}

#[test]
fn intermediate_without_its_issuer_in_the_file_is_an_anchor() {
    let root = TestCa::new("Home CA");
    let below = root.intermediate(ca_params("Below"));
    by(&[&below], &below.issue("phone")).unwrap();
    assert_eq!(
        by(&[&below], &root.issue("phone")),
        Err(ClientCertificateError::OtherCa)
    );
}

#[test]
fn intermediate_with_a_wrong_signature_in_the_file_refuses_its_leaves() {
    let (root, twin) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let below = twin.intermediate(ca_params("Below"));
    let judged = by(&[&root, &below], &below.issue("phone"));
    assert_eq!(judged, Err(ClientCertificateError::BadSignature));
}

#[test]
fn new_key_of_a_ca_signed_with_the_old_one_is_no_anchor() {
    let old = TestCa::new("Home CA");
    let new = old.intermediate(ca_params("Home CA"));
    by(&[&old, &new], &new.issue("phone")).unwrap();
    let ended = old.intermediate(changed(ca_params("Home CA"), |params| {
        params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
    }));
    let judged = by(&[&old, &ended], &ended.issue("phone"));
    assert!(
        matches!(judged, Err(ClientCertificateError::Expired(_))),
        "{judged:?}"
    );
}

//! Validation of client certificates.

mod any_use;
mod chain;
mod files;
mod intermediates;
mod leaf;
mod revocation;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose};
use rustls::pki_types::CertificateDer;

use crate::tls::{
    ClientAuth,
    client_auth::client_ca::*,
    testing::{Folder, TestCa, TestLeaf, client_ca, leaf_params},
};

/// Validates a leaf with changed parameters.
fn judged(change: impl FnOnce(&mut CertificateParams)) -> Result<Identity, ClientCertificateError> {
    let ca = TestCa::new("Home CA");
    let mut params = leaf_params("phone");
    change(&mut params);
    verdict(&ca, &ca.issue_with(params))
}

fn verdict(ca: &TestCa, issued: &TestLeaf) -> Result<Identity, ClientCertificateError> {
    let folder = Folder::new();
    let judge = ca.client_ca(&folder);
    judge.validate(&issued.chain, SystemTime::now())
}

/// Validates a leaf against a revocation list.
fn listed(
    ca: &TestCa,
    list: impl AsRef<[u8]>,
    issued: &TestLeaf,
) -> Result<Identity, ClientCertificateError> {
    let folder = Folder::new();
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = folder.write("crl.pem", list);
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    judge.validate(&issued.chain, SystemTime::now())
}

fn refused(ca: &str, crl: Option<&str>) -> String {
    let folder = Folder::new();
    let ca = folder.write("ca.pem", ca);
    let crl = crl.map(|crl| folder.write("crl.pem", crl));
    let fault = client_ca(&ca, crl.as_deref(), &[]).err().unwrap();
    format!("{fault:#}")
}

#[test]
fn certificate_of_the_ca_is_valid_and_identifies_the_client() {
    let ca = TestCa::new("Home CA");
    let issued = ca.issue("Anna's phone");
    let identity = verdict(&ca, &issued).unwrap();
    assert_eq!(identity.common_name(), Some("Anna's phone"));
    assert_eq!(identity.subject(), "CN=Anna's phone");
    assert_eq!(identity.certificate(), &issued.chain[0]);
    assert_eq!(identity.fingerprint().len(), 64);
    let serial: String = issued
        .serial
        .to_bytes()
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    // DER has no zeros before a number (X.690, section 8.3.2).
    let serial = serial.trim_start_matches("00");
    assert!(identity.serial().ends_with(serial), "{serial}");
}

#[test]
fn identity_is_the_issuers_key_and_the_serial_number() {
    let (home, away) = (TestCa::new("Home CA"), TestCa::new("Home CA"));
    let mut params = leaf_params("phone");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "x");
    let (one, other) = (home.issue("phone"), home.issue("phone"));
    let mut twin = away.issue("phone");
    params.serial_number = Some(one.serial.clone());
    twin.chain = vec![
        params
            .signed_by(&twin.key, &away.issuer)
            .unwrap()
            .der()
            .clone(),
    ];
    let mut renamed = home.issue("phone");
    renamed.chain = vec![
        params
            .signed_by(&renamed.key, &home.issuer)
            .unwrap()
            .der()
            .clone(),
    ];
    let of = |ca: &TestCa, issued: &TestLeaf| verdict(ca, issued).unwrap();
    assert_eq!(of(&home, &one), of(&home, &renamed), "the name is a label");
    assert_ne!(of(&home, &one), of(&home, &other), "another serial number");
    assert_ne!(
        of(&home, &one),
        of(&away, &twin),
        "another CA of the same name"
    );
}

#[test]
fn allow_accepts_the_listed_common_names_only() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let file = folder.write("ca.pem", ca.certificate.pem());
    let judge = client_ca(&file, None, &["anna"]).unwrap();
    let judged = |name| judge.validate(&ca.issue(name).chain, SystemTime::now());
    assert_eq!(judged("anna").unwrap().common_name(), Some("anna"));
    for name in ["Anna", "anna ", "bert", ""] {
        assert_eq!(
            judged(name),
            Err(ClientCertificateError::NotAllowed),
            "{name:?}"
        );
    }
}

#[test]
fn connection_without_a_certificate_is_absent_and_not_invalid() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let judge = ca.client_ca(&folder);
    let of = |chain: &[CertificateDer<'_>]| ClientAuth::of(chain, &judge, SystemTime::now());
    assert_eq!(of(&[]), ClientAuth::Absent);
    assert!(matches!(of(&ca.issue("phone").chain), ClientAuth::Valid(_)));
    let foreign = TestCa::new("Away CA").issue("phone");
    assert_eq!(
        of(&foreign.chain),
        ClientAuth::Invalid(ClientCertificateError::OtherCa)
    );
}

#[test]
fn each_ca_name_is_sent_once() {
    let folder = Folder::new();
    let cas = [TestCa::new("A"), TestCa::new("B"), TestCa::new("A")];
    let pem: String = cas.iter().map(|ca| ca.certificate.pem()).collect();
    let judge = client_ca(&folder.write("ca.pem", pem), None, &[]).unwrap();
    assert_eq!(judge.subjects().len(), 2);
    for ca in &cas {
        judge
            .validate(&ca.issue("phone").chain, SystemTime::now())
            .unwrap();
    }
}

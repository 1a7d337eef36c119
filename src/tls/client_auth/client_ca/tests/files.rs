//! The files of a client CA.

use time::OffsetDateTime;

use crate::tls::{
    client_auth::client_ca::tests::*,
    testing::{ca_params, changed, no_roots},
};

#[test]
fn certificate_of_no_ca_is_an_error() {
    let ca = TestCa::new("Home CA");
    let fault = refused(&ca.issue("phone").pem, None);
    assert!(
        fault.contains("ca.pem: CN=phone is no CA (CA:FALSE"),
        "{fault}"
    );
    let cannot_sign = TestCa::with(changed(ca_params("Mute CA"), |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    }));
    assert!(refused(&cannot_sign.certificate.pem(), None).contains("no keyCertSign"));
}

#[test]
fn unreadable_and_empty_ca_files_are_errors() {
    assert!(refused("", None).contains("ca.pem: the file is empty"));
    assert!(refused("text", None).contains("ca.pem: no certificate in it"));
    let torn = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
    assert!(refused(torn, None).contains("ca.pem: certificate 1 in it is damaged"));
    let folder = Folder::new();
    let fault = client_ca(&folder.path("none.pem"), None, &[])
        .err()
        .unwrap();
    assert!(fault.to_string().contains("none.pem: no such file"));
}

#[test]
fn public_ca_and_its_intermediate_are_errors() {
    let folder = Folder::new();
    let root = TestCa::new("Public root");
    let below = root.intermediate(ca_params("Public intermediate"));
    let roots = Arc::new(SystemRoots::from_certificates(&[root
        .certificate
        .der()
        .clone()]));
    for ca in [&root, &below] {
        let file = folder.write("ca.pem", ca.certificate.pem());
        let load = |roots| ClientCa::load(file.clone(), None, &[], roots);
        let fault = load(&roots).err().unwrap();
        let fault = format!("{fault:#}");
        assert!(fault.contains("is a public CA"), "{fault}");
        assert!(
            fault.contains("it would admit every holder of one of its certificates"),
            "{fault}"
        );
        load(&no_roots()).unwrap();
    }
}

#[test]
fn expired_ca_refuses_certificates_with_a_warning() {
    let folder = Folder::new();
    let ca = TestCa::with(changed(ca_params("Old CA"), |params| {
        params.not_after = OffsetDateTime::now_utc() - time::Duration::days(1);
    }));
    let judge = ca.client_ca(&folder);
    assert!(
        judge.warnings()[0]
            .to_string()
            .contains("ca.pem: the CA CN=Old CA ended on ")
    );
    let reason = judge.validate(&ca.issue("phone").chain, SystemTime::now());
    assert!(
        matches!(reason, Err(ClientCertificateError::CaExpired(_))),
        "{reason:?}"
    );
    let before = SystemTime::now() - std::time::Duration::from_secs(36 * 3600);
    judge.validate(&ca.issue("phone").chain, before).unwrap();
}

#[test]
fn refresh_names_replaced_certificates() {
    let folder = Folder::new();
    let (old, new) = (TestCa::new("Old CA"), TestCa::new("New CA"));
    let judge = old.client_ca(&folder);
    folder.write("ca.pem", new.certificate.pem());
    let changes = judge.refresh().unwrap();
    let named = |end: &str| changes.iter().any(|change| change.ends_with(end));
    assert!(
        named("ca.pem: CN=New CA") && named("ca.pem: CN=Old CA"),
        "{changes:?}"
    );
    judge
        .validate(&new.issue("phone").chain, SystemTime::now())
        .unwrap();
    assert!(
        judge
            .validate(&old.issue("phone").chain, SystemTime::now())
            .is_err()
    );
}

#[test]
fn file_without_a_trust_anchor_is_an_error() {
    let root = TestCa::new("One");
    let below = root.intermediate(ca_params("Two"));
    let again = below.intermediate(ca_params("One"));
    let fault = refused(&(below.certificate.pem() + &again.certificate.pem()), None);
    assert!(
        fault.contains("add the self-signed certificate of the root"),
        "{fault}"
    );
}

#[test]
fn changed_files_increase_the_generation_and_damaged_ones_do_not() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = folder.write("crl.pem", ca.revoke(&[], 30));
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    assert!(judge.refresh().unwrap().is_empty());
    assert_eq!(judge.generation(), 0);

    folder.write("crl.pem", ca.revoke(&[&lost.serial], 30));
    let changes = judge.refresh().unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    let named = changes[0].ends_with("crl.pem: the revocation list of CN=Home CA");
    assert!(named, "{changes:?}");
    assert_eq!(judge.generation(), 1);
    folder.write("crl.pem", "broken");
    assert!(judge.refresh().is_err());
    assert_eq!(judge.generation(), 1);
    assert_eq!(
        judge.validate(&lost.chain, SystemTime::now()),
        Err(ClientCertificateError::Revoked)
    );
}

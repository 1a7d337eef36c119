//! What the files of a CA may hold.

use time::OffsetDateTime;

use super::*;
use crate::tls::testing::{ca_params, changed, no_roots};

#[test]
fn certificate_that_is_no_cas_is_an_error() {
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
fn public_ca_is_refused_as_client_ca_and_so_is_its_intermediate() {
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
            fault.contains("it would let in everybody with a certificate of it"),
            "{fault}"
        );
        load(&no_roots()).unwrap();
    }
}

#[test]
fn ca_that_has_ended_is_used_and_told() {
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
    judge
        .judge(&ca.issue("phone").chain, SystemTime::now())
        .unwrap();
}

#[test]
fn changed_files_count_as_a_generation_and_broken_ones_change_nothing() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let lost = ca.issue("lost");
    let file = folder.write("ca.pem", ca.certificate.pem());
    let crl = folder.write("crl.pem", ca.revoke(&[], 30));
    let judge = client_ca(&file, Some(&crl), &[]).unwrap();
    assert!(!judge.refresh().unwrap());
    assert_eq!(judge.generation(), 0);

    folder.write("crl.pem", ca.revoke(&[&lost.serial], 30));
    assert!(judge.refresh().unwrap());
    assert_eq!(judge.generation(), 1);
    folder.write("crl.pem", "broken");
    assert!(judge.refresh().is_err());
    assert_eq!(judge.generation(), 1);
    assert_eq!(
        judge.judge(&lost.chain, SystemTime::now()),
        Err(Reason::Revoked)
    );
}

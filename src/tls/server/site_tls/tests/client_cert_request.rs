//! Requests for client certificates, and the certificates that the handshake accepts.

use rcgen::ExtendedKeyUsagePurpose;

use crate::tls::{
    server::site_tls::tests::*,
    testing::{ca_params, changed, leaf_params},
};

#[test]
fn only_the_requesting_configuration_requests_a_certificate() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let site = requesting(&folder, &ca);
    let phone = ca.issue("phone");
    let client = Client::new().showing(&phone);
    let plain = handshake(&client, &site.config(false)).unwrap();
    assert_eq!(plain.peer_certificates(), None);
    let requested = handshake(&client, &site.config(true)).unwrap();
    assert_eq!(requested.peer_certificates(), Some(phone.chain.as_slice()));
}

#[test]
fn site_without_a_ca_requests_no_certificate() {
    let folder = Folder::new();
    let site = build(&folder, &[]);
    let client = Client::new().showing(&TestCa::new("Any CA").issue("phone"));
    let server = handshake(&client, &site.config(true)).unwrap();
    assert_eq!(server.peer_certificates(), None);
    assert!(client.hints().is_empty());
}

#[test]
fn handshake_succeeds_without_a_certificate() {
    let folder = Folder::new();
    let site = requesting(&folder, &TestCa::new("Home CA"));
    for version in VERSIONS {
        let client = Client::new().speaking(version);
        let server = handshake(&client, &site.config(true)).unwrap();
        assert_eq!(server.peer_certificates(), None);
    }
}

#[test]
fn handshake_accepts_an_invalid_certificate_for_later_validation() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let site = requesting(&folder, &ca);
    let ended = changed(leaf_params("ended"), |params| {
        params.not_after = params.not_before + time::Duration::hours(1);
    });
    let server_only = changed(leaf_params("server"), |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let bad = [
        TestCa::new("Away CA").issue("foreign"),
        ca.issue_with(ended),
        ca.issue_with(server_only),
        ca.issue_with(ca_params("ca")),
    ];
    for (version, issued) in VERSIONS
        .into_iter()
        .flat_map(|v| bad.iter().map(move |i| (v, i)))
    {
        let client = Client::new().speaking(version).showing(issued);
        let server = handshake(&client, &site.config(true)).unwrap();
        assert_eq!(server.peer_certificates(), Some(issued.chain.as_slice()));
    }
}

#[test]
fn certificate_without_its_key_fails_the_handshake() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let site = requesting(&folder, &ca);
    let mut stolen = ca.issue("phone");
    stolen.key = new_key();
    for version in VERSIONS {
        let client = Client::new().speaking(version).showing(&stolen);
        let fault = handshake(&client, &site.config(true)).unwrap_err();
        assert!(
            fault.to_string().contains("BadSignature"),
            "{version:?}: {fault}"
        );
    }
}

#[test]
fn request_names_the_current_cas() {
    let folder = Folder::new();
    let (old, new) = (TestCa::new("Old CA"), TestCa::new("New CA"));
    let ca = Arc::new(old.client_ca(&folder));
    let site = build(&folder, &[Arc::clone(&ca)]);
    let named = || {
        let client = Client::new().showing(&old.issue("phone"));
        handshake(&client, &site.config(true)).unwrap();
        client.hints()
    };
    assert_eq!(
        named(),
        ca.subjects()
            .iter()
            .map(|name| name.as_ref().to_vec())
            .collect::<Vec<_>>()
    );
    let before = named();
    folder.write("ca.pem", old.certificate.pem() + &new.certificate.pem());
    assert!(!ca.refresh().unwrap().is_empty());
    assert!(!site.refresh().unwrap(), "the site's own certificate stays");
    assert_eq!(named().len(), 2);
    assert_eq!(named()[0], before[0]);
}

//! Handshakes with sites in memory.

mod client_cert_request;

use std::fs;

use rustls::{
    HandshakeKind, NamedGroup, SupportedCipherSuite,
    version::{TLS12, TLS13},
};

use crate::{
    config::model::{Access, Certificate, Destination, Host, Hsts, Upstream},
    tls::{
        server::site_tls::*,
        testing::{
            Folder, TestCa,
            handshake::{Client, handshake},
            new_key, no_roots,
        },
    },
};

const VERSIONS: [&rustls::SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn site(certificate: Certificate) -> Site {
    Site {
        hosts: vec![Host::Name("home.example.org".into())],
        certificate,
        destination: Destination::Upstream(Arc::new(Upstream::default())),
        user_header: None,
        origins: vec![],
        session: None,
        access: Access::default(),
        paths: vec![],
        hsts: Hsts::Auto,
        headers: vec![],
    }
}

fn build(folder: &Folder, cas: &[Arc<ClientCa>]) -> SiteTls {
    let site = site(Certificate::SelfSigned);
    load(&site, folder, cas).unwrap()
}

fn load(site: &Site, folder: &Folder, cas: &[Arc<ClientCa>]) -> anyhow::Result<SiteTls> {
    let issued = AcmeCertificates::default();
    SiteTls::build(site, &folder.path("state"), &issued, &no_roots(), cas)
}

fn requesting(folder: &Folder, ca: &TestCa) -> SiteTls {
    build(folder, &[Arc::new(ca.client_ca(folder))])
}

/// Returns the kind of a client's second handshake, after a full one.
fn twice(first: &Arc<ServerConfig>, second: &Arc<ServerConfig>, client: &Client) -> HandshakeKind {
    let first = handshake(client, first).unwrap();
    assert_eq!(first.handshake_kind(), Some(HandshakeKind::Full));
    handshake(client, second).unwrap().handshake_kind().unwrap()
}

#[test]
fn http_2_and_post_quantum_key_exchange_come_first() {
    let folder = Folder::new();
    let server = handshake(&Client::new(), &build(&folder, &[]).config(false)).unwrap();
    assert_eq!(server.alpn_protocol(), Some(b"h2".as_slice()));
    let group = server.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
}

#[test]
fn ciphers_are_those_of_mozillas_intermediate_profile() {
    let folder = Folder::new();
    let config = build(&folder, &[]).config(false);
    let is_aead_with_forward_secrecy = |suite: &SupportedCipherSuite| {
        let name = format!("{:?}", suite.suite());
        let forward = name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_");
        forward && (name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_"))
    };
    let suites = &config.crypto_provider().cipher_suites;
    assert!(
        suites.iter().all(is_aead_with_forward_secrecy),
        "{suites:?}"
    );
    assert_eq!(config.max_early_data_size, 0);
}

#[test]
fn sessions_resume_without_a_certificate_request() {
    let folder = Folder::new();
    let config = build(&folder, &[]).config(false);
    for version in VERSIONS {
        let kind = twice(&config, &config, &Client::new().speaking(version));
        assert_eq!(kind, HandshakeKind::Resumed, "{version:?}");
    }
}

#[test]
fn sessions_never_resume_with_a_certificate_request() {
    let folder = Folder::new();
    let ca = TestCa::new("Home CA");
    let config = requesting(&folder, &ca).config(true);
    for version in VERSIONS {
        let client = Client::new().speaking(version).showing(&ca.issue("phone"));
        assert_eq!(
            twice(&config, &config, &client),
            HandshakeKind::Full,
            "{version:?}"
        );
    }
}

#[test]
fn sessions_resume_neither_across_sites_nor_across_configurations() {
    let (here, there) = (Folder::new(), Folder::new());
    let ca = TestCa::new("Home CA");
    let (site, other) = (requesting(&here, &ca), build(&there, &[]));
    for version in VERSIONS {
        let client = || Client::new().speaking(version);
        let between_sites = twice(&site.config(false), &other.config(false), &client());
        assert_eq!(between_sites, HandshakeKind::Full, "{version:?}");
        let into_requesting = twice(&site.config(false), &site.config(true), &client());
        assert_eq!(into_requesting, HandshakeKind::Full, "{version:?}");
    }
}

#[test]
fn changed_certificate_is_served_and_a_mismatched_one_is_not() {
    let folder = Folder::new();
    let ca = TestCa::new("CA");
    let write = || {
        let issued = ca.issue("home");
        folder.write("key.pem", issued.key.serialize_pem());
        folder.write("chain.pem", issued.pem);
        issued.chain[0].clone()
    };
    let first = write();
    let (chain, key) = (folder.path("chain.pem"), folder.path("key.pem"));
    let site = site(Certificate::Files { chain, key });
    let tls = load(&site, &folder, &[]).unwrap();
    let config = tls.config(false);
    let served = |client: Client| {
        handshake(&client, &config).unwrap();
        client.seen().unwrap()
    };
    assert_eq!(served(Client::new()), first);

    let second = write();
    assert!(tls.refresh().unwrap());
    assert_eq!(
        served(Client::new()),
        second,
        "by a configuration built before"
    );

    fs::write(folder.path("key.pem"), new_key().serialize_pem()).unwrap();
    assert!(
        tls.refresh()
            .unwrap_err()
            .to_string()
            .contains("does not fit")
    );
    assert_eq!(served(Client::new()), second);
    assert_eq!(tls.certified().key.cert[0], second);
}

#[test]
fn missing_file_fails_the_build() {
    let folder = Folder::new();
    let (chain, key) = (folder.path("chain.pem"), folder.path("key.pem"));
    let site = site(Certificate::Files { chain, key });
    let built = load(&site, &folder, &[]);
    assert!(
        built
            .err()
            .unwrap()
            .to_string()
            .contains("chain.pem: no such file")
    );
}

#[test]
fn placeholder_names_no_host_requests_no_certificate_and_resumes_no_session() {
    let config = crate::tls::placeholder().unwrap();
    let client = Client::new().showing(&TestCa::new("Any CA").issue("phone"));
    assert_eq!(twice(&config, &config, &client), HandshakeKind::Full);
    let server = handshake(&client, &config).unwrap();
    assert_eq!(server.peer_certificates(), None);
    let seen = client.seen().unwrap();
    assert!(
        webpki::EndEntityCert::try_from(&seen)
            .unwrap()
            .valid_dns_names()
            .next()
            .is_none()
    );
    let again = Client::new();
    handshake(&again, &crate::tls::placeholder().unwrap()).unwrap();
    assert_ne!(seen, again.seen().unwrap());
}

//! A resumed TLS session never keeps an outdated access decision.
//!
//! The defect of other proxies: a ticket of one policy was good for another, and a certificate
//! judged once was never judged again (CVE-2025-23419, CVE-2025-23048).

use rustls::{
    SupportedProtocolVersion,
    version::{TLS12, TLS13},
};

use crate::{
    harness::{Authority, Hubgate, Setup},
    hub::Hub,
};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

#[tokio::test]
async fn a_connection_without_a_certificate_request_resumes() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for version in VERSIONS {
        let client = gate.tls().speaking(version).resuming();
        assert!(!client.fetch("/").await.resumed);
        assert!(client.fetch("/").await.resumed, "{version:?}");
    }
}

#[tokio::test]
async fn a_connection_with_a_possible_certificate_request_never_resumes() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = at_home_or_enrolled(&hub, &family).await;
    for version in VERSIONS {
        let away = gate.tls().from("127.0.0.2").speaking(version);
        let anna = away.clone().showing(family.client("anna")).resuming();
        let stranger = away.resuming();
        for (client, status) in [(&anna, 200), (&stranger, 496)] {
            for _ in 0..3 {
                let visit = client.fetch("/").await;
                assert_eq!((visit.status, visit.resumed), (status, false));
            }
        }
    }
}

#[tokio::test]
async fn a_tls_session_from_home_is_not_resumed_away() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = at_home_or_enrolled(&hub, &family).await;
    for version in VERSIONS {
        let client = gate.tls().speaking(version).resuming();
        assert_eq!(client.fetch("/").await.status, 200);
        assert!(client.fetch("/").await.resumed, "{version:?}");
        let away = client.from("127.0.0.2");
        let visit = away.fetch("/").await;
        assert_eq!((visit.status, visit.resumed), (496, false));
        assert!(away.requested_cas().await.is_some());
    }
}

#[tokio::test]
async fn a_tls_session_from_before_a_revocation_does_not_outlive_it() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let (anna, again) = (family.client("anna"), family.revoking(&[]));
    let revocation = family.revoking(&[&anna]);
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &again)
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    let anna = gate.tls().showing(anna);
    let callers = VERSIONS.map(|version| anna.clone().speaking(version).resuming());
    for client in &callers {
        assert_eq!(client.fetch("/").await.status, 200);
    }
    gate.write("ca.crl", &revocation);
    gate.line_with("was read again").await;
    for client in &callers {
        let visit = client.fetch("/").await;
        assert_eq!((visit.status, visit.resumed), (495, false));
    }
}

#[tokio::test]
async fn a_reload_that_adds_certificate_requests_ends_earlier_tls_sessions() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: public")
        .start()
        .await;
    let callers = VERSIONS.map(|version| gate.tls().speaking(version).resuming());
    for client in &callers {
        client.fetch("/").await;
        assert!(client.fetch("/").await.resumed);
    }
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let closed = yaml.replace("access: public", "access: {client_certificate: ca.pem}");
    gate.write("proxy.yaml", &closed);
    gate.reload();
    gate.line_with("reloaded").await;
    for client in &callers {
        let visit = client.fetch("/").await;
        assert_eq!((visit.status, visit.resumed), (496, false));
    }
}

#[tokio::test]
async fn early_data_is_not_offered() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().speaking(&TLS13).resuming();
    client.fetch("/").await;
    assert!(client.fetch("/").await.resumed);
    assert!(!client.may_send_early());
}

async fn at_home_or_enrolled(hub: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {networks: [127.0.0.1], client_certificate: ca.pem}")
        .start()
        .await
}

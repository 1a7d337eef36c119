//! hubgate requests a certificate exactly where the certificate can change the response.
//!
//! Decided at the ClientHello from the site and the peer's network. An app
//! without a certificate gives up when asked, even where a password would do.

use rustls::version::{TLS12, TLS13};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{
    harness::{Authority, HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

#[tokio::test]
async fn only_clients_away_get_a_certificate_request_and_it_names_the_ca() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(
        &hub,
        &family,
        "{networks: [127.0.0.1], client_certificate: ca.pem}",
    )
    .await;
    for version in [&TLS12, &TLS13] {
        let home = gate.tls().speaking(version);
        assert_eq!(home.requested_cas().await, None);
        let away = home.from("127.0.0.2");
        assert_eq!(away.requested_cas().await, Some(vec![subject(&family)]));
    }
}

#[tokio::test]
async fn no_certificate_is_requested_where_it_decides_nothing() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    for access in [
        "public",
        "{networks: [127.0.0.1]}",
        "{password: htpasswd}",
        "{networks: [127.0.0.2], password: htpasswd}",
        "{satisfy: all, networks: [127.0.0.2], client_certificate: ca.pem}",
        "{satisfy: any, networks: [127.0.0.0/8], client_certificate: ca.pem}",
    ] {
        let gate = gate(&hub, &family, access).await;
        assert_eq!(gate.tls().requested_cas().await, None, "{access}");
    }
}

#[tokio::test]
async fn a_certificate_is_requested_where_it_may_decide() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    for access in [
        "{client_certificate: ca.pem}",
        "{password: htpasswd, client_certificate: ca.pem}",
        "{networks: [127.0.0.2], client_certificate: ca.pem}",
        "{satisfy: all, networks: [127.0.0.1], client_certificate: ca.pem}",
        "{satisfy: all, password: htpasswd, client_certificate: ca.pem}",
    ] {
        let gate = gate(&hub, &family, access).await;
        let asked = gate.tls().requested_cas().await;
        assert_eq!(asked, Some(vec![subject(&family)]), "{access}");
    }
}

#[tokio::test]
async fn a_certificate_is_optional_where_a_password_is_enough() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let access = "{password: htpasswd, client_certificate: ca.pem}";
    let gate = gate(&hub, &family, access).await;
    for version in [&TLS12, &TLS13] {
        let client = gate.tls().speaking(version);
        assert_eq!(client.fetch("/").await.status, 401);
        let enrolled = client.showing(family.client("anna"));
        assert_eq!(enrolled.fetch("/").await.status, 200);
    }
}

#[tokio::test]
async fn a_path_with_client_certificate_makes_its_site_request_one() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {networks: [127.0.0.0/30]}")
        .site("paths:")
        .site("  - path: /admin/")
        .site("    access: {networks: [127.0.0.1], client_certificate: ca.pem}")
        .start()
        .await;
    assert_eq!(gate.tls().requested_cas().await, None);
    let away = gate.tls().from("127.0.0.2");
    assert_eq!(away.requested_cas().await, Some(vec![subject(&family)]));
    let out = gate.tls().from("127.0.0.9");
    assert_eq!(out.requested_cas().await, None, "it gets in nowhere");
}

#[tokio::test]
async fn only_one_name_of_a_port_requests_a_certificate() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let open = format!(
        "{{hosts: [other.test], certificate: {{chain: home.pem, key: home.key}}, \
         upstream: \"{}\", access: public}}",
        hub.url()
    );
    let gate = Setup::home(&hub.url())
        .client_certificate(&family)
        .other_site(&open)
        .start()
        .await;
    assert!(gate.tls().requested_cas().await.is_some());
    assert!(gate.tls().name("HOME.test").requested_cas().await.is_some());
    for name in ["other.test", "unknown.test", "127.0.0.1"] {
        let client = gate.tls().accepting_any_certificate().name(name);
        assert_eq!(client.requested_cas().await, None, "{name}");
    }
}

#[tokio::test]
async fn every_ca_of_the_site_is_named_once() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let guests = Authority::new("guests");
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &(family.pem() + &guests.pem()))
        .file("guests.pem", &guests.pem())
        .site("access: {client_certificate: ca.pem}")
        .start()
        .await;
    let mut asked = gate.tls().requested_cas().await.unwrap();
    let mut expected = vec![subject(&family), subject(&guests)];
    asked.sort();
    expected.sort();
    assert_eq!(asked, expected);
}

async fn gate(hub: &Hub, family: &Authority, access: &str) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!("access: {access}"))
        .start()
        .await
}

/// The name of an authority, as DER.
fn subject(authority: &Authority) -> Vec<u8> {
    let certificate = authority.certificate();
    let (_, parsed) = X509Certificate::from_der(&certificate).unwrap();
    parsed.subject().as_raw().to_vec()
}

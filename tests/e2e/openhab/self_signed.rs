//! Without a domain hubgate creates a self-signed certificate and sends no
//! `Strict-Transport-Security`.

use std::net::Ipv4Addr;

use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

#[tokio::test]
async fn a_self_signed_certificate_names_every_host() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[openhabian, openhabian.local, 127.0.0.1]")
        .certificate("self-signed")
        .start()
        .await;
    let der = certificate(&gate, "openhabian.local").await;
    let (_, certificate) = parse_x509_certificate(&der).unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    for expected in [
        GeneralName::DNSName("openhabian"),
        GeneralName::DNSName("openhabian.local"),
        GeneralName::IPAddress(&Ipv4Addr::LOCALHOST.octets()),
    ] {
        assert!(names.value.general_names.contains(&expected), "{expected}");
    }
    assert!(certificate.validity().is_valid());
}

#[tokio::test]
async fn self_signed_means_no_hsts() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .certificate("self-signed")
        .start()
        .await;
    let mut client = gate.tls().accepting_any_certificate().http2().await;
    let answer = client.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("strict-transport-security"), None);
}

#[tokio::test]
async fn the_site_is_served_by_address_without_a_name() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[openhabian.local, 127.0.0.1]")
        .certificate("self-signed")
        .start()
        .await;
    let caller = gate.tls().accepting_any_certificate().name("127.0.0.1");
    assert_eq!(caller.http2().await.get("/").await.status, 200);
    let der = certificate(&gate, "127.0.0.1").await;
    assert_eq!(der, certificate(&gate, "openhabian.local").await);
}

async fn certificate(gate: &Hubgate, name: &str) -> Vec<u8> {
    let caller = gate.tls().accepting_any_certificate().name(name);
    caller.certificate().await.unwrap()
}

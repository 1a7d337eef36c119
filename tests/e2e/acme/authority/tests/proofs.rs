//! Proofs that are there, and proofs that are not.

use instant_acme::ChallengeType;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::Fixture;
use crate::acme::{
    authority::{Ca, Endpoint, Options},
    challtestsrv::Challtestsrv,
    client::Client,
    responder::Responder,
};

#[tokio::test]
async fn an_http_01_proof_gives_a_valid_chain() {
    let fixture = Fixture::new().await;
    let chain = fixture.issue().await.unwrap();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let root = fixture.ca.root();
    let leaf = EndEntityCert::try_from(&chain[0]).unwrap();
    let algorithms = rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    leaf.verify_for_usage(
        algorithms,
        &[anchor_from_trusted_cert(&root).unwrap()],
        &chain[1..],
        UnixTime::now(),
        KeyUsage::server_auth(),
        None,
        None,
    )
    .unwrap();
    let name = ServerName::try_from("home.test").unwrap();
    leaf.verify_is_valid_for_subject_name(&name).unwrap();
}

#[tokio::test]
async fn requests_of_the_client_are_recorded() {
    let fixture = Fixture::new().await;
    fixture.issue().await.unwrap();
    let ca = &fixture.ca;
    assert_eq!(ca.orders().len(), 1);
    assert_eq!(ca.orders()[0].names, ["home.test"]);
    assert_eq!(ca.issued().len(), 1);
    assert_eq!(ca.validations().len(), 1);
    assert!(ca.failed_validations().is_empty());
    let orders = ca.requests_to(Endpoint::NewOrder);
    assert_eq!(orders[0].payload["identifiers"][0]["value"], "home.test");
    let finalized = &ca.requests_to(Endpoint::Finalize)[0];
    assert!(orders[0].at < finalized.at);
    assert_eq!(finalized.path, "/finalize/0");
}

#[tokio::test]
async fn a_tls_alpn_01_proof_gives_a_certificate() {
    let responder = Responder::start().await;
    let address = responder.port().address();
    let ca = Ca::start(Options::new(address, address)).await;
    let client = Client::register(&ca.directory(), &ca.ca_pem()).await;
    let place = async |name: &str, _: &str, proof| responder.show(name, &proof);
    let issuing = client.unwrap();
    let names = ["home.test", "other.test"];
    // Each name is validated before the next proof takes its place.
    let issued = issuing
        .issue(&names[..1], ChallengeType::TlsAlpn01, place)
        .await;
    assert!(issued.is_ok(), "{issued:?}: {:?}", ca.validations());
    assert_eq!(ca.validations()[0].challenge, "tls-alpn-01");
}

#[tokio::test]
async fn the_proof_of_another_account_over_tls_is_refused() {
    let responder = Responder::start().await;
    let address = responder.port().address();
    let ca = Ca::start(Options::new(address, address)).await;
    let client = Client::register(&ca.directory(), &ca.ca_pem()).await;
    let place = async |_: &str, _: &str, proof| responder.show("other.test", &proof);
    let issued = client
        .unwrap()
        .issue(&["home.test"], ChallengeType::TlsAlpn01, place)
        .await;
    assert!(issued.is_err());
    assert_eq!(ca.failed_validations().len(), 1);
}

#[tokio::test]
async fn a_proof_in_the_dns_is_found_through_an_alias() {
    let Some(dns) = Challtestsrv::start().await else {
        return;
    };
    let address = dns.address();
    let fixture = Fixture::with(|options| options.dns = Some(address)).await;
    dns.add_alias("_acme-challenge.home.test", "home.acme-dns.test")
        .await;
    let client = fixture.client().await.unwrap();
    let place = async |_: &str, _: &str, proof: instant_acme::KeyAuthorization| {
        dns.add_text("home.acme-dns.test", &proof.dns_value()).await;
    };
    let names = ["*.home.test"];
    client
        .issue(&names, ChallengeType::Dns01, place)
        .await
        .unwrap();
    assert!(!dns.history("_acme-challenge.home.test").await.is_empty());
    assert_eq!(fixture.ca.issued()[0].names, names);
}

#[tokio::test]
async fn a_missing_proof_fails_and_is_recorded() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    let nothing = async |_: &str, _: &str, _| ();
    let issued = client
        .issue(&["home.test"], ChallengeType::Http01, nothing)
        .await;
    let error = issued.unwrap_err().to_string();
    assert!(error.contains("Some challenges failed"), "{error}");
    let failed = fixture.ca.failed_validations();
    assert_eq!((failed.len(), &*failed[0].name), (1, "home.test"));
    assert!(fixture.ca.issued().is_empty());
}

//! Pebble as the tests start it.

use std::time::Duration;

use instant_acme::{ChallengeType, ExternalAccountKey, KeyAuthorization, RevocationRequest};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::parse_x509_certificate;

use super::{Options, Pebble};
use crate::{
    acme::{client::Client, responder},
    harness::{Port, within},
    hub::Hub,
};

/// Issues for `home.test` by http-01 to the client.
async fn issue(hub: &Hub, client: &Client) -> Result<String, instant_acme::Error> {
    let place = async |_: &str, token: &str, proof: KeyAuthorization| {
        responder::answer(hub, token, &proof);
    };
    client
        .issue(&["home.test"], ChallengeType::Http01, place)
        .await
}

async fn pebble(change: impl FnOnce(&mut Options)) -> Option<(Hub, Pebble)> {
    let hub = Hub::start().await;
    let unused = Port::keep();
    let mut options = Options::new(hub.address().port(), unused.number());
    change(&mut options);
    Some((hub, Pebble::start(options).await?))
}

#[tokio::test]
async fn pebble_issues_for_the_configured_lifetime_and_reports_revocations() {
    let Some((hub, pebble)) = pebble(|options| options.life = Duration::from_secs(20)).await else {
        return;
    };
    let client = Client::register(&pebble.directory(), &pebble.ca_pem()).await;
    let client = client.unwrap();
    let chain = issue(&hub, &client).await.unwrap();
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    let (_, parsed) = parse_x509_certificate(&leaf).unwrap();
    let validity = parsed.validity();
    let life = validity.not_after.timestamp() - validity.not_before.timestamp();
    assert!((19..=20).contains(&life), "{life} s");
    let serial = format!("{:x}", parsed.serial);
    assert_eq!(pebble.is_revoked(&serial).await, Some(false));
    let revocation = RevocationRequest {
        certificate: &leaf,
        reason: None,
    };
    let revoking = client.account.revoke(&revocation);
    within("a revocation", revoking).await.unwrap();
    assert_eq!(pebble.is_revoked(&serial).await, Some(true));
    assert_eq!(pebble.is_revoked("abcdef").await, None);
    assert!(pebble.root().await.contains("BEGIN CERTIFICATE"));
}

#[tokio::test]
async fn pebble_queries_the_dns_of_the_test() {
    let Some((_hub, pebble)) = pebble(|_| ()).await else {
        return;
    };
    let client = Client::register(&pebble.directory(), &pebble.ca_pem()).await;
    let name = "_acme-challenge.home.test";
    let place = async |_: &str, _: &str, proof: KeyAuthorization| {
        pebble.dns.add_text(name, &proof.dns_value()).await;
    };
    let names = ["*.home.test"];
    let client = client.unwrap();
    let issued = client.issue(&names, ChallengeType::Dns01, place);
    issued.await.unwrap();
    assert!(!pebble.dns.history(name).await.is_empty());
}

#[tokio::test]
async fn pebble_accepts_only_the_external_account() {
    let secret = b"a secret of thirty-two bytes, yes";
    let account = Some(("kid-1", "YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgeWVz"));
    let Some((_hub, pebble)) = pebble(|options| options.external_account = account).await else {
        return;
    };
    let (directory, root) = (pebble.directory(), pebble.ca_pem());
    assert!(Client::register(&directory, &root).await.is_err());
    for (secret, good) in [(&b"wrong"[..], false), (&secret[..], true)] {
        let key = ExternalAccountKey::new("kid-1".to_owned(), secret);
        let client = Client::register_with(&directory, &root, Some(&key)).await;
        assert_eq!(client.is_ok(), good);
    }
}

#[tokio::test]
async fn pebble_issues_nothing_for_blocked_names_and_servers_that_fail() {
    let Some((hub, pebble)) = pebble(|options| options.blocked = vec!["blocked.test"]).await else {
        return;
    };
    let client = Client::register(&pebble.directory(), &pebble.ca_pem()).await;
    let client = client.unwrap();
    let nothing = async |_: &str, _: &str, _: KeyAuthorization| ();
    let blocked = client.issue(&["blocked.test"], ChallengeType::Http01, nothing);
    let error = blocked.await.unwrap_err().to_string();
    assert!(error.contains("rejectedIdentifier"), "{error}");
    pebble.dns.fail("home.test").await;
    assert!(issue(&hub, &client).await.is_err());
}

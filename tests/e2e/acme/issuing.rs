//! A first certificate: over each challenge, once, for each that is configured.

use crate::{
    acme::{
        acme2certifier::{self, Acme2Certifier},
        authority::Endpoint,
        pebble::{Options, Pebble},
        stage::{PATIENCE, Scene, Stage, served},
    },
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_certificate_comes_with_one_order_over_http() {
    let stage = Stage::issued().await;
    assert_eq!(stage.ca.orders().len(), 1);
    assert_eq!(stage.ca.validations()[0].challenge, "http-01");
    assert_eq!(stage.ca.requests_to(Endpoint::NewAccount).len(), 1);
    // Nothing of the challenge reaches the hub.
    assert!(stage.hub.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_comes_over_tls_where_nothing_else_is_allowed() {
    let mut scene = Scene::new().await;
    let (directory, root) = (scene.ca.directory(), scene.ca.ca_pem());
    scene.setup = scene.setup.acme(&directory, &root, "tls-alpn-01");
    let stage = scene.start().await;
    stage.serves(1).await;
    assert_eq!(stage.ca.validations()[0].challenge, "tls-alpn-01");
    // Ordinary clients are served beside it.
    let mut client = stage.gate.tls().trusting_anybody().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
}

#[tokio::test]
async fn the_next_challenge_is_tried_after_one_failed() {
    let scene = Scene::with(|options| options.http = ([127, 0, 0, 1], 9).into()).await;
    let stage = scene.start().await;
    stage.serves_within(PATIENCE, 1).await;
    let kinds = stage.ca.validations().into_iter();
    let kinds: Vec<_> = kinds.map(|validated| validated.challenge).collect();
    assert_eq!(kinds, ["http-01", "tls-alpn-01"]);
}

#[tokio::test]
async fn a_restart_orders_nothing() {
    let mut stage = Stage::issued().await;
    stage.gate.kill();
    stage.gate.start_again().await;
    stage.serves(1).await;
    stage.gate.take_over().await;
    stage.serves(1).await;
    assert_eq!(stage.ca.orders().len(), 1);
    assert_eq!(stage.ca.requests_to(Endpoint::NewAccount).len(), 1);
}

#[tokio::test]
async fn two_processes_on_one_store_order_once() {
    let scene = Scene::new().await;
    let state = tempfile::tempdir().unwrap();
    let line = format!("state: {}", state.path().display());
    let second = Setup::home(&scene.hub.url())
        .acme(&scene.ca.directory(), &scene.ca.ca_pem(), "http-01")
        .top(&line);
    let first = scene.setup.top(&line).start().await;
    let second = second.start().await;
    for gate in [&first, &second] {
        eventually(PATIENCE, "both serve it", async || {
            let issued = scene.ca.issued();
            let shown = served(gate).await;
            shown.is_some() && shown.as_deref() == issued.first().map(|one| &*one.certificate)
        })
        .await;
    }
    assert_eq!(scene.ca.orders().len(), 1);
}

#[tokio::test]
async fn each_site_has_a_certificate_of_its_own_and_a_removed_one_is_not_renewed() {
    let mut scene = Scene::new().await;
    let other = format!(
        "{{hosts: [other.test], certificate: acme, upstream: {}}}",
        scene.hub.url()
    );
    scene.setup = scene.setup.other_site(&other);
    let stage = scene.start().await;
    eventually(DEADLINE, "two certificates", async || {
        stage.ca.issued().len() == 2
    })
    .await;
    let mut names: Vec<_> = stage.ca.orders().into_iter().map(|one| one.names).collect();
    names.sort();
    assert_eq!(names, [["home.test"], ["other.test"]]);
    let file = stage.gate.folder().join("proxy.yaml");
    let before = std::fs::read_to_string(file).unwrap();
    let without = before.replace(&format!("  - {other}\n"), "");
    stage.gate.write("proxy.yaml", &without);
    stage.gate.reload();
    stage.gate.line_with("reloaded").await;
    let told = stage.tells(&["home.test"]).await;
    assert!(!told.contains("other.test"), "{told}");
}

/// Waits for a certificate of others' CA, which signed it under this root in PEM.
async fn trusted(gate: &Hubgate, root: &str) {
    let root = rustls::pki_types::pem::PemObject::from_pem_slice(root.as_bytes()).unwrap();
    let caller = crate::harness::Caller::tls(gate.https(), root);
    eventually(PATIENCE, "a trusted certificate", async || {
        caller.certificate().await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn pebble_issues_though_it_refuses_every_other_nonce() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let mut options = Options::new(setup.http().number(), setup.https().number());
    options.refused_nonces = 50;
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let setup = setup.acme(&pebble.directory(), &pebble.ca_pem(), "http-01");
    trusted(&setup.start().await, &pebble.root().await).await;
}

#[tokio::test]
async fn acme2certifier_issues_and_has_it_renewed() {
    let options = acme2certifier::Options {
        renew: true,
        ..acme2certifier::Options::default()
    };
    let Some(ca) = Acme2Certifier::start(options).await else {
        return;
    };
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).acme(&ca.directory(), &ca.ca_pem(), "http-01");
    let gate = setup.start().await;
    trusted(&gate, &ca.root()).await;
    let first = served(&gate).await;
    eventually(PATIENCE, "it is renewed as it is told", async || {
        served(&gate).await != first
    })
    .await;
}

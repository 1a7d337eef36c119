//! The first certificate: one order per configured site, by each challenge type.

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
async fn a_certificate_is_issued_by_one_order_over_http_01() {
    let stage = Stage::issued().await;
    assert_eq!(stage.ca.orders().len(), 1);
    assert_eq!(stage.ca.validations()[0].challenge, "http-01");
    assert_eq!(stage.ca.requests_to(Endpoint::NewAccount).len(), 1);
    // Nothing of the challenge reaches the hub.
    assert!(stage.hub.requests().is_empty());
}

#[tokio::test]
async fn a_first_certificate_and_its_renewal_time_take_nine_requests() {
    let stage = Stage::issued().await;
    stage.asked(DEADLINE, Endpoint::RenewalInfo, 1).await;
    let requests = stage.ca.requests().into_iter();
    let mut endpoints: Vec<_> = requests.map(|request| request.endpoint).collect();
    // A CA that validates for longer is polled more often.
    endpoints.dedup_by(|next, before| next == before && *next == Endpoint::Order);
    let expected = [
        Endpoint::Directory,
        Endpoint::NewAccount,
        Endpoint::NewOrder,
        Endpoint::Authorization,
        Endpoint::Challenge,
        Endpoint::Order,
        Endpoint::Finalize,
        Endpoint::Certificate,
        Endpoint::RenewalInfo,
    ];
    assert_eq!(endpoints, expected);
}

#[tokio::test]
async fn a_certificate_is_issued_by_tls_alpn_01_alone() {
    let mut scene = Scene::new().await;
    let (directory, root) = (scene.ca.directory(), scene.ca.ca_pem());
    scene.setup = scene.setup.acme(&directory, &root, "tls-alpn-01");
    let stage = scene.start().await;
    stage.serves(1).await;
    assert_eq!(stage.ca.validations()[0].challenge, "tls-alpn-01");
    // Ordinary clients are served beside it.
    let mut client = stage.gate.tls().accepting_any_certificate().http1().await;
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
        "{{hosts: [other.test], certificate: acme, upstream: {}, access: public}}",
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
    let status = stage.status_with(&["home.test"]).await;
    assert!(!status.contains("other.test"), "{status}");
}

/// Waits for a certificate of others' CA, which signed it under this root in PEM.
pub(super) async fn trusted(gate: &Hubgate, root: &str) {
    trusted_as("home.test", gate, root).await;
}

/// Like the above, for another name.
pub(super) async fn trusted_as(name: &str, gate: &Hubgate, root: &str) {
    let root = rustls::pki_types::pem::PemObject::from_pem_slice(root.as_bytes()).unwrap();
    let caller = crate::harness::Caller::tls(gate.https(), root).name(name);
    eventually(PATIENCE, "a trusted certificate", async || {
        caller.certificate().await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn pebble_issues_though_it_refuses_six_of_ten_nonces() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let mut options = Options::new(setup.http().number(), setup.https().number());
    options.refused_nonces = 60;
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
    eventually(PATIENCE, "it is renewed as the CA suggests", async || {
        served(&gate).await != first
    })
    .await;
}

#[tokio::test]
async fn pebble_issues_by_a_handshake_alone() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).listen(r#"listen: {http: [], https: ["127.0.0.1:HTTPS"]}"#);
    let options = Options::new(setup.http().number(), setup.https().number());
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let setup = setup.acme(
        &pebble.directory(),
        &pebble.ca_pem(),
        "http-01, tls-alpn-01",
    );
    trusted(&setup.start().await, &pebble.root().await).await;
}

#[tokio::test]
async fn pebble_certifies_addresses_of_both_kinds() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url())
        .hosts("[\"127.0.0.1\", \"::1\"]")
        .listen(r#"listen: {http: ["127.0.0.1:HTTP", "[::1]:HTTP"], https: ["127.0.0.1:HTTPS"]}"#);
    let options = Options::new(setup.http().number(), setup.https().number());
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let setup = setup.acme(&pebble.directory(), &pebble.ca_pem(), "http-01");
    let gate = setup.start().await;
    trusted_as("127.0.0.1", &gate, &pebble.root().await).await;
}

#[tokio::test]
async fn an_external_account_is_bound_and_a_missing_one_is_reported_with_its_cure() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let mut options = Options::new(setup.http().number(), setup.https().number());
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    options.external_account = Some(("kid-1", key));
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let setup = setup.acme(&pebble.directory(), &pebble.ca_pem(), "http-01");
    let gate = setup.file("eab.key", key).start().await;
    gate.line_with("external account binding").await;
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let bound = yaml.replace(
        "acme: {",
        "acme: {eab: {key_id: kid-1, hmac_key: eab.key}, ",
    );
    gate.write("proxy.yaml", &bound);
    gate.reload();
    gate.line_with("reloaded").await;
    gate.commanded(&["cert", "renew", "home.test"]).await;
    trusted(&gate, &pebble.root().await).await;
    // The key is needed once only.
    std::fs::remove_file(gate.folder().join("eab.key")).unwrap();
    let ran = gate.commanded(&["cert", "renew", "home.test"]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_certificate_with_a_leaked_key_is_replaced_and_revoked() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let options = Options::new(setup.http().number(), setup.https().number());
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let setup = setup.acme(&pebble.directory(), &pebble.ca_pem(), "http-01");
    let gate = setup.start().await;
    trusted(&gate, &pebble.root().await).await;
    let first = served(&gate).await.unwrap();
    let ran = gate
        .commanded(&["cert", "renew", "home.test", "--revoke"])
        .await;
    assert!(
        ran.stdout.contains("the old certificate is revoked"),
        "{}",
        ran.stdout
    );
    let second = served(&gate).await.unwrap();
    assert_eq!(pebble.is_revoked(&serial(&first)).await, Some(true));
    assert_eq!(pebble.is_revoked(&serial(&second)).await, Some(false));
}

fn serial(certificate: &[u8]) -> String {
    let (_, leaf) = x509_parser::parse_x509_certificate(certificate).unwrap();
    leaf.tbs_certificate.raw_serial_as_string().replace(':', "")
}

#[tokio::test]
async fn a_trial_proves_and_changes_nothing() {
    let stage = Stage::issued().await;
    let before = served(&stage.gate).await;
    let ran = stage.gate.commanded(&["cert", "test"]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("the CA can see the proof"),
        "{}",
        ran.stdout
    );
    assert_eq!(served(&stage.gate).await, before);
    assert_eq!(stage.ca.issued().len(), 1);
    assert!(stage.ca.orders()[1].replaces.is_none());
}

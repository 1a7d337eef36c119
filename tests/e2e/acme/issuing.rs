//! The first certificate: one order per configured site, by each challenge type.

use crate::{
    acme::{
        acme2certifier::{self, Acme2Certifier},
        authority::Endpoint,
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE, served},
        pebble::{Options, Pebble},
    },
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_certificate_is_issued_by_one_order_over_http_01() {
    let fixture = Fixture::issued().await;
    assert_eq!(fixture.ca.orders().len(), 1);
    assert_eq!(fixture.ca.validations()[0].challenge, "http-01");
    assert_eq!(fixture.ca.requests_to(Endpoint::NewAccount).len(), 1);
    // Nothing of the challenge reaches the hub.
    assert!(fixture.hub.requests().is_empty());
}

#[tokio::test]
async fn a_first_certificate_and_its_renewal_time_take_nine_requests() {
    let fixture = Fixture::issued().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::RenewalInfo, 1)
        .await;
    let requests = fixture.ca.requests().into_iter();
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
    let mut prepared = PreparedFixture::new().await;
    let (directory, root) = (prepared.ca.directory(), prepared.ca.ca_pem());
    prepared.setup = prepared.setup.acme(&directory, &root, "tls-alpn-01");
    let fixture = prepared.start().await;
    fixture.serves(1).await;
    assert_eq!(fixture.ca.validations()[0].challenge, "tls-alpn-01");
    // Ordinary clients are served beside it.
    let mut client = fixture.gate.tls().accepting_any_certificate().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
}

#[tokio::test]
async fn the_next_challenge_is_tried_after_one_failed() {
    let prepared = PreparedFixture::with(|options| options.http = ([127, 0, 0, 1], 9).into()).await;
    let fixture = prepared.start().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    let kinds = fixture.ca.validations().into_iter();
    let kinds: Vec<_> = kinds.map(|validated| validated.challenge).collect();
    assert_eq!(kinds, ["http-01", "tls-alpn-01"]);
}

#[tokio::test]
async fn a_restart_orders_nothing() {
    let mut fixture = Fixture::issued().await;
    fixture.gate.kill();
    fixture.gate.start_again().await;
    fixture.serves(1).await;
    fixture.gate.take_over().await;
    fixture.serves(1).await;
    assert_eq!(fixture.ca.orders().len(), 1);
    assert_eq!(fixture.ca.requests_to(Endpoint::NewAccount).len(), 1);
}

#[tokio::test]
async fn two_processes_on_one_store_order_once() {
    let prepared = PreparedFixture::new().await;
    let state = tempfile::tempdir().unwrap();
    let line = format!("state: {}", state.path().display());
    let second = Setup::home(&prepared.hub.url())
        .acme(&prepared.ca.directory(), &prepared.ca.ca_pem(), "http-01")
        .top(&line);
    let first = prepared.setup.top(&line).start().await;
    let second = second.start().await;
    for gate in [&first, &second] {
        eventually(RETRY_DEADLINE, "both serve it", async || {
            let issued = prepared.ca.issued();
            let shown = served(gate).await;
            shown.is_some() && shown.as_deref() == issued.first().map(|one| &*one.certificate)
        })
        .await;
    }
    assert_eq!(prepared.ca.orders().len(), 1);
}

#[tokio::test]
async fn each_site_has_a_certificate_of_its_own_and_a_removed_one_is_not_renewed() {
    let mut prepared = PreparedFixture::new().await;
    let other = format!(
        "{{hosts: [other.test], certificate: acme, upstream: {}, access: public}}",
        prepared.hub.url()
    );
    prepared.setup = prepared.setup.other_site(&other);
    let fixture = prepared.start().await;
    eventually(DEADLINE, "two certificates", async || {
        fixture.ca.issued().len() == 2
    })
    .await;
    let mut names: Vec<_> = fixture
        .ca
        .orders()
        .into_iter()
        .map(|one| one.names)
        .collect();
    names.sort();
    assert_eq!(names, [["home.test"], ["other.test"]]);
    let file = fixture.gate.folder().join("proxy.yaml");
    let before = std::fs::read_to_string(file).unwrap();
    let without = before.replace(&format!("  - {other}\n"), "");
    fixture.gate.write("proxy.yaml", &without);
    fixture.gate.reload();
    fixture.gate.line_with("reloaded").await;
    let status = fixture.status_with(&["home.test"]).await;
    assert!(!status.contains("other.test"), "{status}");
}

/// Waits for a certificate of others' CA, which signed it under this root in PEM.
pub(super) async fn trusted(gate: &Hubgate, root: &str) {
    trusted_as("home.test", gate, root).await;
}

/// Like the above, for another name.
pub(super) async fn trusted_as(name: &str, gate: &Hubgate, root: &str) {
    let root = rustls::pki_types::pem::PemObject::from_pem_slice(root.as_bytes()).unwrap();
    let caller = crate::harness::Client::tls(gate.https(), root).name(name);
    eventually(RETRY_DEADLINE, "a trusted certificate", async || {
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
    eventually(
        RETRY_DEADLINE,
        "it is renewed as the CA suggests",
        async || served(&gate).await != first,
    )
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
    let fixture = Fixture::issued().await;
    let before = served(&fixture.gate).await;
    let ran = fixture.gate.commanded(&["cert", "test"]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("the CA can see the proof"),
        "{}",
        ran.stdout
    );
    assert_eq!(served(&fixture.gate).await, before);
    assert_eq!(fixture.ca.issued().len(), 1);
    assert!(fixture.ca.orders()[1].replaces.is_none());
}

//! Unusual accounts, profiles and names, also at a faulty CA.

use std::time::Duration;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal},
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE},
    },
    harness::{DEADLINE, eventually},
};

const KEY: &[u8] = b"a key of thirty-two bytes, or so";

/// A CA that takes accounts with an external account only, and hubgate with its key.
async fn bound(key: &str) -> PreparedFixture {
    let mut prepared = PreparedFixture::with(|options| {
        options.external_account = Some(("kid-1", KEY.to_vec()));
    })
    .await;
    prepared.setup = prepared
        .setup
        .acme_key("eab: {key_id: kid-1, hmac_key: eab.key}")
        .file("eab.key", key);
    prepared
}

/// [`KEY`] in base64url.
const ENCODED: &str = "YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgb3Igc28";

#[tokio::test]
async fn an_external_account_is_bound_though_the_ca_errs() {
    for fault in [Fault::Lost, Fault::Html, Fault::Truncated, Fault::BadNonce] {
        let prepared = bound(ENCODED).await;
        prepared
            .ca
            .fault(fault.clone().at(Endpoint::NewAccount).times(1));
        let fixture = prepared.start().await;
        fixture.serves_within(RETRY_DEADLINE, 1).await;
        assert_eq!(fixture.ca.orders().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_of_an_external_account_is_reported_with_its_cure() {
    let fixture = bound("d3Jvbmc").await.start().await;
    fixture
        .status_with(&["get the key for external account binding"])
        .await;
    assert_eq!(fixture.ca.requests_to(Endpoint::NewAccount).len(), 1);
}

/// hubgate that orders by a profile of the CA.
async fn profiled(fault: Fault) -> Fixture {
    let mut prepared = PreparedFixture::with(|options| {
        options.profiles = vec![("short", Duration::from_secs(6 * 24 * 3600))];
    })
    .await;
    prepared.setup = prepared.setup.acme_key("profile: short");
    prepared.ca.fault(fault.at(Endpoint::NewOrder).times(1));
    prepared.start().await
}

#[tokio::test]
async fn a_profile_is_kept_though_the_ca_errs() {
    for fault in [Fault::Lost, Fault::Html, Fault::Reset] {
        let fixture = profiled(fault.clone()).await;
        fixture.serves_within(RETRY_DEADLINE, 1).await;
        let orders = fixture.ca.orders();
        let last = orders.last().unwrap();
        assert_eq!(last.profile.as_deref(), Some("short"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_profile_that_is_refused_for_once_is_left_out_of_one_order() {
    let fixture = profiled(Fault::Refused(Refusal::InvalidProfile)).await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    assert_eq!(fixture.ca.orders()[0].profile, None);
}

#[tokio::test]
async fn a_name_as_long_as_the_dns_allows_is_certified_and_survives_a_restart() {
    let label = |letter: &str, length: usize| letter.repeat(length);
    let labels = [
        label("a", 63),
        label("b", 63),
        label("c", 63),
        label("d", 56),
    ];
    let name = format!("{}.test", labels.join("."));
    assert_eq!(name.len(), 253);
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = prepared.setup.hosts(&format!("[{name}]"));
    let mut fixture = prepared.start().await;
    let client = fixture.gate.tls().accepting_any_certificate().name(&name);
    let serves = async |fixture: &Fixture| {
        let shown = client.certificate().await.ok();
        let issued = fixture.ca.issued();
        issued
            .first()
            .is_some_and(|one| Some(&*one.certificate) == shown.as_deref())
    };
    eventually(DEADLINE, "the certificate is served", async || {
        serves(&fixture).await
    })
    .await;
    fixture.gate.kill();
    fixture.gate.start_again().await;
    assert!(serves(&fixture).await);
    assert_eq!(fixture.ca.orders().len(), 1);
}

//! Unusual accounts, profiles and names, also at a faulty CA.

use std::time::Duration;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal},
        stage::{PATIENCE, Scene, Stage},
    },
    harness::{DEADLINE, eventually},
};

const KEY: &[u8] = b"a key of thirty-two bytes, or so";

/// A CA that takes accounts with an external account only, and hubgate with its key.
async fn bound(key: &str) -> Scene {
    let mut scene = Scene::with(|options| {
        options.external_account = Some(("kid-1", KEY.to_vec()));
    })
    .await;
    scene.setup = scene
        .setup
        .acme_key("eab: {key_id: kid-1, hmac_key: eab.key}")
        .file("eab.key", key);
    scene
}

/// [`KEY`] in base64url.
const ENCODED: &str = "YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgb3Igc28";

#[tokio::test]
async fn an_external_account_is_bound_though_the_ca_errs() {
    for fault in [Fault::Lost, Fault::Html, Fault::Truncated, Fault::BadNonce] {
        let scene = bound(ENCODED).await;
        scene
            .ca
            .fault(fault.clone().at(Endpoint::NewAccount).times(1));
        let stage = scene.start().await;
        stage.serves_within(PATIENCE, 1).await;
        assert_eq!(stage.ca.orders().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_of_an_external_account_is_reported_with_its_cure() {
    let stage = bound("d3Jvbmc").await.start().await;
    stage
        .status_with(&["get the key for external account binding"])
        .await;
    assert_eq!(stage.ca.requests_to(Endpoint::NewAccount).len(), 1);
}

/// hubgate that orders by a profile of the CA.
async fn profiled(fault: Fault) -> Stage {
    let mut scene = Scene::with(|options| {
        options.profiles = vec![("short", Duration::from_secs(6 * 24 * 3600))];
    })
    .await;
    scene.setup = scene.setup.acme_key("profile: short");
    scene.ca.fault(fault.at(Endpoint::NewOrder).times(1));
    scene.start().await
}

#[tokio::test]
async fn a_profile_is_kept_though_the_ca_errs() {
    for fault in [Fault::Lost, Fault::Html, Fault::Reset] {
        let stage = profiled(fault.clone()).await;
        stage.serves_within(PATIENCE, 1).await;
        let orders = stage.ca.orders();
        let last = orders.last().unwrap();
        assert_eq!(last.profile.as_deref(), Some("short"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_profile_that_is_refused_for_once_is_left_out_of_one_order() {
    let stage = profiled(Fault::Refused(Refusal::InvalidProfile)).await;
    stage.serves_within(PATIENCE, 1).await;
    assert_eq!(stage.ca.orders()[0].profile, None);
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
    let mut scene = Scene::new().await;
    scene.setup = scene.setup.hosts(&format!("[{name}]"));
    let mut stage = scene.start().await;
    let caller = stage.gate.tls().accepting_any_certificate().name(&name);
    let serves = async |stage: &Stage| {
        let shown = caller.certificate().await.ok();
        let issued = stage.ca.issued();
        issued
            .first()
            .is_some_and(|one| Some(&*one.certificate) == shown.as_deref())
    };
    eventually(DEADLINE, "the certificate is served", async || {
        serves(&stage).await
    })
    .await;
    stage.gate.kill();
    stage.gate.start_again().await;
    assert!(serves(&stage).await);
    assert_eq!(stage.ca.orders().len(), 1);
}

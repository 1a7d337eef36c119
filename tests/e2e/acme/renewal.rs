//! Renewal in time: by the CA's renewal information (RFC 9773), else by the certificate's lifetime.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal},
        stage::{PATIENCE, Scene, Stage, served},
    },
    harness::{DEADLINE, eventually},
    life::times,
    real_hub::skip,
};

#[tokio::test]
async fn short_lived_certificates_are_renewed_under_load_without_a_failed_handshake() {
    let rounds = times(3, 100);
    let scene = Scene::with(|options| {
        options.life = Duration::from_secs(20);
        options.renewal_pause = 2;
    });
    let stage = scene.await.start().await;
    stage.serves(1).await;
    let root = stage.ca.root();
    let caller = crate::harness::Caller::tls(stage.gate.https(), root);
    let patience = Duration::from_secs(30) * u32::try_from(rounds).unwrap();
    eventually(patience, "all rounds are done", async || {
        // The root is trusted only while the certificate is valid.
        let mut client = caller.http1().await;
        assert_eq!(client.get("/plain").await.status, 200);
        stage.ca.issued().len() > rounds
    })
    .await;
    // Renewals, no storm.
    assert!(stage.ca.orders().len() <= rounds + 2);
}

#[tokio::test]
async fn a_revoked_certificate_is_replaced_within_one_poll() {
    let scene = Scene::with(|options| options.renewal_pause = 2).await;
    let stage = scene.start().await;
    stage.serves(1).await;
    stage.asked(DEADLINE, Endpoint::RenewalInfo, 1).await;
    stage.ca.revoke(&stage.ca.issued()[0].serial);
    // hubgate sends the CA at most one request a minute.
    stage.serves_within(PATIENCE, 2).await;
    assert!(stage.ca.orders()[1].replaces.is_some());
    assert!(stage.ca.issued()[0].replaced);
}

#[tokio::test]
async fn a_replaced_certificate_is_ordered_without_replacing_it_at_once() {
    let stage = Stage::issued().await;
    let refusal = Fault::Refused(Refusal::AlreadyReplaced);
    stage.ca.fault(refusal.times(1));
    stage.renew().await;
    stage.serves(2).await;
    let orders = stage.ca.requests_to(Endpoint::NewOrder);
    assert!(!orders[1].payload["replaces"].is_null());
    assert!(orders[2].payload["replaces"].is_null());
}

#[tokio::test]
async fn unusable_renewal_information_falls_back_to_the_life_of_the_certificate() {
    for fault in [
        Fault::RenewalMissing,
        Fault::RenewalGarbage,
        Fault::RenewalAfterEnd,
    ] {
        let scene = Scene::with(|options| {
            options.life = Duration::from_secs(16);
            options.renewal_pause = 2;
        });
        let scene = scene.await;
        scene.ca.fault(fault);
        let stage = scene.start().await;
        stage.serves(1).await;
        stage.serves_within(Duration::from_secs(16), 2).await;
    }
}

#[tokio::test]
async fn a_window_in_the_past_renews_once_and_not_for_ever() {
    let scene = Scene::with(|options| options.renewal_pause = 2).await;
    scene.ca.fault(Fault::RenewalInPast.times(1));
    let stage = scene.start().await;
    stage.serves(2).await;
    stage.asked(PATIENCE, Endpoint::RenewalInfo, 3).await;
    assert_eq!(stage.ca.orders().len(), 2);
}

#[tokio::test]
async fn a_life_that_is_suddenly_short_is_seen() {
    let scene = Scene::with(|options| options.renewal_pause = 2).await;
    scene
        .ca
        .fault(Fault::Life(Duration::from_secs(12)).times(1));
    scene.ca.fault(Fault::RenewalMissing);
    let stage = scene.start().await;
    stage.serves(1).await;
    stage.serves_within(Duration::from_secs(12), 2).await;
}

#[tokio::test]
async fn a_clock_a_year_ahead_is_reported_and_starts_no_storm() {
    let Some(library) = libfaketime() else {
        skip("libfaketime");
        return;
    };
    let mut stage = Stage::issued().await;
    let good = served(&stage.gate).await;
    stage.gate.kill();
    let before = stage.ca.orders().len();
    stage
        .gate
        .variable("LD_PRELOAD", &library.to_string_lossy());
    stage.gate.variable("FAKETIME", "+365d");
    stage.gate.variable("DONT_FAKE_MONOTONIC", "1");
    stage.gate.start_again().await;
    stage.gate.line_with("clock").await;
    assert_eq!(served(&stage.gate).await, good);
    assert_eq!(stage.ca.orders().len(), before);
}

#[tokio::test]
async fn a_ca_with_a_wrong_date_is_distinguished_from_a_wrong_clock() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Date(365 * 24 * 3600));
    let stage = scene.start().await;
    stage.gate.line_with("clock").await;
    assert!(stage.ca.orders().len() <= 1);
}

/// Returns the path of Debian's libfaketime.
pub fn libfaketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    let places = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    places.into_iter().find(|place| place.exists())
}

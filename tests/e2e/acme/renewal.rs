//! Renewal in time: by the CA's renewal information (RFC 9773), else by the certificate's lifetime.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal},
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE, served},
    },
    harness::{DEADLINE, eventually},
    life::times,
    real_hub::skip,
};

#[tokio::test]
async fn short_lived_certificates_are_renewed_under_load_without_a_failed_handshake() {
    let rounds = times(3, 100);
    let prepared = PreparedFixture::with(|options| {
        options.life = Duration::from_secs(20);
        options.renewal_pause = 2;
    });
    let fixture = prepared.await.start().await;
    fixture.serves(1).await;
    let root = fixture.ca.root();
    let caller = crate::harness::Client::tls(fixture.gate.https(), root);
    let deadline = Duration::from_secs(30) * u32::try_from(rounds).unwrap();
    eventually(deadline, "all rounds are done", async || {
        // The root is trusted only while the certificate is valid.
        let mut client = caller.http1().await;
        assert_eq!(client.get("/plain").await.status, 200);
        fixture.ca.issued().len() > rounds
    })
    .await;
    // Renewals, no storm.
    assert!(fixture.ca.orders().len() <= rounds + 2);
}

#[tokio::test]
async fn a_revoked_certificate_is_replaced_within_one_poll() {
    let prepared = PreparedFixture::with(|options| options.renewal_pause = 2).await;
    let fixture = prepared.start().await;
    fixture.serves(1).await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::RenewalInfo, 1)
        .await;
    fixture.ca.revoke(&fixture.ca.issued()[0].serial);
    // hubgate sends the CA at most one request a minute.
    fixture.serves_within(RETRY_DEADLINE, 2).await;
    assert!(fixture.ca.orders()[1].replaces.is_some());
    assert!(fixture.ca.issued()[0].replaced);
}

#[tokio::test]
async fn a_replaced_certificate_is_ordered_without_replacing_it_at_once() {
    let fixture = Fixture::issued().await;
    let refusal = Fault::Refused(Refusal::AlreadyReplaced);
    fixture.ca.fault(refusal.times(1));
    fixture.renew().await;
    fixture.serves(2).await;
    let orders = fixture.ca.requests_to(Endpoint::NewOrder);
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
        let prepared = PreparedFixture::with(|options| {
            options.life = Duration::from_secs(16);
            options.renewal_pause = 2;
        });
        let prepared = prepared.await;
        prepared.ca.fault(fault);
        let fixture = prepared.start().await;
        fixture.serves(1).await;
        fixture.serves_within(Duration::from_secs(16), 2).await;
    }
}

#[tokio::test]
async fn a_window_in_the_past_renews_once_and_not_for_ever() {
    let prepared = PreparedFixture::with(|options| options.renewal_pause = 2).await;
    prepared.ca.fault(Fault::RenewalInPast.times(1));
    let fixture = prepared.start().await;
    fixture.serves(2).await;
    fixture
        .wait_for_requests(RETRY_DEADLINE, Endpoint::RenewalInfo, 3)
        .await;
    assert_eq!(fixture.ca.orders().len(), 2);
}

#[tokio::test]
async fn a_life_that_is_suddenly_short_is_seen() {
    let prepared = PreparedFixture::with(|options| options.renewal_pause = 2).await;
    prepared
        .ca
        .fault(Fault::Life(Duration::from_secs(12)).times(1));
    prepared.ca.fault(Fault::RenewalMissing);
    let fixture = prepared.start().await;
    fixture.serves(1).await;
    fixture.serves_within(Duration::from_secs(12), 2).await;
}

#[tokio::test]
async fn a_clock_a_year_ahead_is_reported_and_starts_no_storm() {
    let Some(library) = libfaketime() else {
        skip("libfaketime");
        return;
    };
    let mut fixture = Fixture::issued().await;
    let good = served(&fixture.gate).await;
    fixture.gate.kill();
    let before = fixture.ca.orders().len();
    fixture
        .gate
        .variable("LD_PRELOAD", &library.to_string_lossy());
    fixture.gate.variable("FAKETIME", "+365d");
    fixture.gate.variable("DONT_FAKE_MONOTONIC", "1");
    fixture.gate.start_again().await;
    fixture.gate.line_with("clock").await;
    assert_eq!(served(&fixture.gate).await, good);
    assert_eq!(fixture.ca.orders().len(), before);
}

#[tokio::test]
async fn a_ca_with_a_wrong_date_is_distinguished_from_a_wrong_clock() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Date(365 * 24 * 3600));
    let fixture = prepared.start().await;
    fixture.gate.line_with("clock").await;
    assert!(fixture.ca.orders().len() <= 1);
}

/// Returns the path of Debian's libfaketime.
pub fn libfaketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    let places = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    places.into_iter().find(|place| place.exists())
}

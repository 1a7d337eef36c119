//! Rate limits of a CA: all sites of an account wait for the end, also across a restart.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal, RetryAfter},
        stage::{PATIENCE, Scene},
    },
    harness::{DEADLINE, eventually},
};

/// Asserts that hubgate obeys a limit that ends in some seconds, across a restart.
async fn obeyed(limit: RetryAfter, wait: Duration) {
    let scene = Scene::new().await;
    let refusal = Fault::Refused(Refusal::RateLimited(limit));
    scene.ca.fault(refusal.times(1));
    let mut stage = scene.start().await;
    stage.asked(DEADLINE, Endpoint::NewOrder, 1).await;
    stage.status_with(&["rate", "limit"]).await;
    stage.gate.kill();
    stage.gate.start_again().await;
    stage.serves_within(PATIENCE, 1).await;
    let orders = stage.ca.requests_to(Endpoint::NewOrder);
    let waited = orders[1].at - orders[0].at;
    assert!(waited >= wait, "asked again after {waited:?}");
    assert!(
        waited < wait + Duration::from_secs(30),
        "only after {waited:?}"
    );
}

#[tokio::test]
async fn a_rate_limit_in_seconds_is_obeyed_across_a_restart() {
    let wait = Duration::from_secs(8);
    obeyed(RetryAfter::Seconds(8), wait).await;
}

#[tokio::test]
async fn a_rate_limit_with_a_date_is_obeyed_across_a_restart() {
    let end = OffsetDateTime::now_utc() + Duration::from_secs(12);
    // Dates are whole seconds, and the start takes a while.
    let wait = Duration::from_secs(8);
    obeyed(RetryAfter::Date(end), wait).await;
    let end = OffsetDateTime::now_utc() + Duration::from_secs(12);
    obeyed(RetryAfter::Text(end), wait).await;
}

#[tokio::test]
async fn one_site_retries_after_an_account_limit_and_the_others_follow_spread() {
    const SITES: usize = 12;
    let mut scene = Scene::new().await;
    for number in 1..SITES {
        let site = format!(
            "{{hosts: [site{number}.test], certificate: acme, upstream: \"{}\"}}",
            scene.hub.url()
        );
        scene.setup = scene.setup.other_site(&site);
    }
    let limit = || Fault::Refused(Refusal::RateLimited(RetryAfter::Seconds(10)));
    scene.ca.fault(limit());
    let stage = scene.start().await;
    // Two show that the limit is the account's; at most four orders run at a time. Then one asks.
    stage.asked(DEADLINE, Endpoint::NewOrder, 2).await;
    stage
        .status_with(&["other certificates of the account"])
        .await;
    let first = stage.ca.requests_to(Endpoint::NewOrder).len();
    assert!(first <= 4, "{first} before the limit is known");
    stage.asked(PATIENCE, Endpoint::NewOrder, first + 1).await;
    stage.ca.heal();
    eventually(PATIENCE, "all have a certificate", async || {
        stage.ca.issued().len() >= SITES
    })
    .await;
    let asked = stage.ca.requests_to(Endpoint::NewOrder);
    assert!(asked.len() <= first + 2 + SITES, "{} requests", asked.len());
    let spread = asked[asked.len() - 1].at - asked[asked.len() - SITES + 1].at;
    assert!(
        spread > Duration::from_secs(SITES as u64 / 2),
        "within {spread:?}"
    );
}

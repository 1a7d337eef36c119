//! Rate limits of a CA: all sites of an account wait for the end, also across a restart.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal, RetryAfter},
        fixture::{PreparedFixture, RETRY_DEADLINE},
    },
    harness::{DEADLINE, eventually},
};

/// Asserts that hubgate obeys a limit that ends in some seconds, across a restart.
async fn obeyed(limit: RetryAfter, wait: Duration) {
    let prepared = PreparedFixture::new().await;
    let refusal = Fault::Refused(Refusal::RateLimited(limit));
    prepared.ca.fault(refusal.times(1));
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::NewOrder, 1)
        .await;
    fixture.status_with(&["rate", "limit"]).await;
    fixture.gate.kill();
    fixture.gate.start_again().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    let orders = fixture.ca.requests_to(Endpoint::NewOrder);
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
    let mut prepared = PreparedFixture::new().await;
    for number in 1..SITES {
        let site = format!(
            "{{hosts: [site{number}.test], certificate: acme, upstream: \"{}\"}}",
            prepared.hub.url()
        );
        prepared.setup = prepared.setup.other_site(&site);
    }
    let limit = || Fault::Refused(Refusal::RateLimited(RetryAfter::Seconds(10)));
    prepared.ca.fault(limit());
    let fixture = prepared.start().await;
    // Two show that the limit is the account's; at most four orders run at a time. Then one asks.
    fixture
        .wait_for_requests(DEADLINE, Endpoint::NewOrder, 2)
        .await;
    fixture
        .status_with(&["other certificates of the account"])
        .await;
    let first = fixture.ca.requests_to(Endpoint::NewOrder).len();
    assert!(first <= 4, "{first} before the limit is known");
    fixture
        .wait_for_requests(RETRY_DEADLINE, Endpoint::NewOrder, first + 1)
        .await;
    fixture.ca.heal();
    eventually(RETRY_DEADLINE, "all have a certificate", async || {
        fixture.ca.issued().len() >= SITES
    })
    .await;
    let asked = fixture.ca.requests_to(Endpoint::NewOrder);
    assert!(asked.len() <= first + 2 + SITES, "{} requests", asked.len());
    let spread = asked[asked.len() - 1].at - asked[asked.len() - SITES + 1].at;
    assert!(
        spread > Duration::from_secs(SITES as u64 / 2),
        "within {spread:?}"
    );
}

//! The time zone of the machine: all moments are kept in UTC.

use crate::harness::DEADLINE;
use crate::{acme::fixture::PreparedFixture, harness::eventually};

#[tokio::test]
async fn a_change_of_the_time_zone_orders_nothing_and_moves_no_date() {
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = prepared.setup.variable("TZ", "UTC-14");
    let mut fixture = prepared.start().await;
    fixture.serves(1).await;
    let before = dates(&fixture.status_with(&["home.test"]).await);
    fixture.gate.kill();
    fixture.gate.variable("TZ", "UTC+11");
    fixture.gate.start_again().await;
    fixture.serves(1).await;
    eventually(DEADLINE, "the dates are as before", async || {
        dates(&fixture.status_with(&["home.test"]).await) == before
    })
    .await;
    assert_eq!(fixture.ca.orders().len(), 1);
}

/// End and next renewal of the certificate.
fn dates(status: &str) -> [serde_json::Value; 2] {
    let status: serde_json::Value = serde_json::from_str(status).unwrap();
    let one = &status[0];
    assert!(one["ends"].is_string(), "{status}");
    [one["ends"].clone(), one["next_at"].clone()]
}

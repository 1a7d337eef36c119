//! The time zone of the machine: all moments are kept in UTC.

use crate::harness::DEADLINE;
use crate::{acme::stage::Scene, harness::eventually};

#[tokio::test]
async fn a_change_of_the_time_zone_orders_nothing_and_moves_no_date() {
    let mut scene = Scene::new().await;
    scene.setup = scene.setup.variable("TZ", "UTC-14");
    let mut stage = scene.start().await;
    stage.serves(1).await;
    let before = dates(&stage.status_with(&["home.test"]).await);
    stage.gate.kill();
    stage.gate.variable("TZ", "UTC+11");
    stage.gate.start_again().await;
    stage.serves(1).await;
    eventually(DEADLINE, "the dates are as before", async || {
        dates(&stage.status_with(&["home.test"]).await) == before
    })
    .await;
    assert_eq!(stage.ca.orders().len(), 1);
}

/// End and next renewal of the certificate.
fn dates(status: &str) -> [serde_json::Value; 2] {
    let status: serde_json::Value = serde_json::from_str(status).unwrap();
    let one = &status[0];
    assert!(one["ends"].is_string(), "{status}");
    [one["ends"].clone(), one["next_at"].clone()]
}

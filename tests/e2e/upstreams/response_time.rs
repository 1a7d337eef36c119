//! The time until the upstream's response, in the access log as JSON.

use serde_json::Value;

use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

async fn entry(gate: &Hubgate, target: &str) -> Value {
    let line = gate.line_with(&format!("\"target\":\"{target}\"")).await;
    let begin = line.find('{').unwrap();
    serde_json::from_str(&line[begin..]).unwrap()
}

#[tokio::test]
async fn the_access_log_has_the_time_until_the_upstreams_response() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("log: {access: json}")
        .start()
        .await;
    let client = gate.tls();
    assert_eq!(client.fetch("/timed").await.status, 200);
    let forwarded = entry(&gate, "/timed").await;
    let seconds = forwarded["upstream_time"].as_f64().unwrap();
    assert!(seconds <= forwarded["duration"].as_f64().unwrap());
    assert_eq!(client.fetch("/wrong/nothing").await.status, 502);
    let without_response = entry(&gate, "/wrong/nothing").await;
    assert_eq!(without_response.get("upstream_time"), None);
}

//! Each failure of a hub is logged with site and hub, at a limited rate.

use crate::{
    access::protocols::statuses_on_each_protocol,
    harness::{Client, DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

/// The hub, as it stands in the lines, and what is logged of it at the address.
async fn unreachable(upstream: &str) -> Hubgate {
    let gate = Setup::home(upstream).start().await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
        [503; 3]
    );
    gate
}

#[tokio::test]
async fn a_name_that_does_not_resolve_and_a_refusal_are_logged() {
    let gate = unreachable("http://hub.invalid:8080").await;
    let line = gate.line_with("does not resolve").await;
    assert!(
        line.contains("site home.test: the hub http://hub.invalid:8080"),
        "{line}"
    );
    let mut hub = Hub::start().await;
    hub.stop().await;
    for url in [hub.url(), hub.url().replace("http:", "https:")] {
        let gate = unreachable(&url).await;
        let line = gate.line_with("cannot be reached").await;
        assert!(
            line.contains(&format!("site home.test: the hub {url}")),
            "{line}"
        );
        assert!(line.to_lowercase().contains("refused"), "{line}");
    }
}

#[tokio::test]
async fn a_wrong_answer_is_logged_on_each_way() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let client = gate.tls();
    assert_eq!(client.fetch("/wrong/half-a-head").await.status, 502);
    let line = gate.line_with("its answer to /wrong/half-a-head").await;
    assert!(
        line.contains(&format!("site home.test: the hub {}", hub.url())),
        "{line}"
    );
    hub.set_response("/plain", "HTTP/1.1 200", false);
    assert_eq!(upgrade(&client, "/plain").await, 502);
    gate.line_with("its answer to /plain").await;
}

async fn upgrade(client: &Client, target: &str) -> u16 {
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: home.test\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    client.raw().await.exchange(head).await.status
}

#[tokio::test]
async fn failures_of_one_hub_are_three_lines_a_minute() {
    let mut hub = Hub::start().await;
    hub.stop().await;
    let gate = Setup::home(&hub.url()).start().await;
    for _ in 0..20 {
        assert_eq!(gate.tls().fetch("/").await.status, 503);
    }
    assert_eq!(gate.command(&["reload"]).status, Some(0));
    gate.line_with("reloaded").await;
    let printed = gate.printed();
    let failures = printed.matches("cannot be reached").count();
    assert_eq!(failures, 3, "{printed}");
}

#[tokio::test]
async fn a_limit_of_connections_is_logged_and_in_the_status() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {connections_per_address: 2}")
        .start()
        .await;
    let (client, mut open) = (gate.tls(), Vec::new());
    eventually(DEADLINE, "a connection is refused", async || {
        let opened = client.stream(&[]).await;
        let refused = opened.is_err();
        open.extend(opened.ok());
        refused
    })
    .await;
    let line = gate.line_with("limits.connections_per_address").await;
    assert!(line.contains("refused a connection of 127.0.0.1"), "{line}");
    let status = gate.command(&["status"]).succeeded();
    assert!(
        status.contains("limits were reached: connections"),
        "{status}"
    );
    let expected = "refused at limits.connections_per_address";
    assert!(status.contains(expected), "{status}");
}

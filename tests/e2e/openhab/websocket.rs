//! WebSockets with their subprotocols, long silences, and no token in any log.

use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

/// openHAB's endpoints.
const ENDPOINTS: [&str; 4] = ["/ws", "/ws/events", "/ws/logs", "/ws/audio-pcm"];

/// Subprotocol that openHAB's UI offers: a name, and the token in Base64.
const TOKEN: &str = "org.openhab.ws.accessToken.base64.c2VjcmV0LXRva2Vu";

#[tokio::test]
async fn websockets_pass_on_every_endpoint() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for endpoint in ENDPOINTS {
        let mut socket = gate.tls().websocket(endpoint, &[]).await.unwrap();
        assert_eq!(socket.exchange("ping").await, "ping");
        let large = "x".repeat(300_000);
        assert_eq!(socket.exchange(&large).await, large);
        socket.close().await;
    }
}

#[tokio::test]
async fn subprotocols_pass_both_ways() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let offered = format!("org.openhab.ws.protocol.default, {TOKEN}");
    let fields = [("sec-websocket-protocol", offered.as_str())];
    let socket = gate.tls().websocket("/ws", &fields).await.unwrap();
    let chosen = socket.subprotocol.as_deref();
    assert_eq!(chosen, Some("org.openhab.ws.protocol.default"));
    let request = hub.request("/ws").await;
    assert_eq!(
        request.field("sec-websocket-protocol"),
        Some(offered.as_str())
    );
}

#[tokio::test]
async fn the_hub_gets_the_client_address_of_a_websocket_too() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let lie = [("x-forwarded-for", "192.168.1.1")];
    let socket = gate.tls().websocket("/ws", &lie).await.unwrap();
    let request = hub.request("/ws").await;
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("x-forwarded-proto"), Some("https"));
    let host = format!("home.test:{}", gate.https().port());
    assert_eq!(request.field("host"), Some(host.as_str()));
    socket.close().await;
}

#[tokio::test]
async fn a_silent_websocket_outlives_idle_connections() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {idle: 1s, header_time: 1s}")
        .start()
        .await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    assert_eq!(socket.exchange("before").await, "before");
    an_idle_connection_is_cut(&gate).await;
    assert_eq!(socket.exchange("after").await, "after");
}

#[tokio::test]
async fn a_hub_that_dies_ends_the_websocket() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    assert_eq!(socket.exchange("before").await, "before");
    hub.stop().await;
    assert_eq!(socket.receive().await, None);
}

#[tokio::test]
async fn tokens_are_in_no_log() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let fields = [("sec-websocket-protocol", TOKEN)];
    let target = "/ws/events?accessToken=secret-token&x=shown";
    let socket = gate.tls().websocket(target, &fields).await.unwrap();
    socket.close().await;
    let line = gate.line_with("/ws/events").await;
    assert!(line.contains("x=shown"), "{line}");
    let printed = gate.printed();
    for secret in ["secret-token", "c2VjcmV0LXRva2Vu"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

/// A condition that takes longer than `idle` and `header_time`.
async fn an_idle_connection_is_cut(gate: &Hubgate) {
    let mut idle = gate.tls().raw().await;
    idle.exchange("GET /idle HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    idle.end().await;
}

#[tokio::test]
async fn the_names_of_a_handshake_keep_their_spelling_both_ways() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    let request = "GET /ws HTTP/1.1\r\nHost: home.test\r\nConnection: keep-alive, Upgrade\r\n\
                   Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nX-oDD: 1\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = client.exchange(request).await;
    assert_eq!(answer.status, 101);
    let names = |fields: &[(String, String)]| -> Vec<String> {
        fields.iter().map(|(name, _)| name.clone()).collect()
    };
    let received = names(&answer.head.fields);
    for name in ["Upgrade", "Connection", "Sec-WebSocket-Accept"] {
        assert!(
            received.iter().any(|other| other == name),
            "{name}: {received:?}"
        );
    }
    let forwarded = names(&hub.request("/ws").await.head.fields);
    for name in [
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
        "X-oDD",
    ] {
        assert!(
            forwarded.iter().any(|other| other == name),
            "{name}: {forwarded:?}"
        );
    }
}

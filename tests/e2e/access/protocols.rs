//! One request on each protocol: HTTP/1.1, HTTP/2 and a WebSocket upgrade.

use http::Method;

use crate::harness::{Client, Http, WebSocket};

/// Statuses of an admitted request.
pub const IN: [u16; 3] = [200, 200, 101];

/// Returns the statuses of a GET on each protocol, each on its own connection.
pub async fn statuses_on_each_protocol(
    client: &Client,
    target: &str,
    fields: &[(&str, &str)],
) -> [u16; 3] {
    for_host(client, &client.host(), target, fields).await
}

/// Like [`statuses_on_each_protocol`], for a host other than that of the connections.
pub async fn for_host(
    client: &Client,
    host: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> [u16; 3] {
    let mut one = connect(client, host, "http/1.1").await;
    let mut two = connect(client, host, "h2").await;
    let stream = client.stream(&["http/1.1"]).await.unwrap();
    let socket = WebSocket::open(stream, host, target, fields).await;
    [
        one.exchange(Method::GET, target, fields, "").await.status,
        two.exchange(Method::GET, target, fields, "").await.status,
        socket.map_or_else(|status| status, |_| 101),
    ]
}

/// Returns a client for the host that speaks the protocol (ALPN).
pub async fn connect(client: &Client, host: &str, protocol: &str) -> Http {
    let stream = client.stream(&[protocol]).await.unwrap();
    let origin = format!("https://{host}");
    match protocol {
        "h2" => Http::two(stream, origin).await,
        _ => Http::one(stream, origin).await,
    }
}

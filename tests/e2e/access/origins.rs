//! Pages of a listed origin read and write like the site's own; all others do not.

use http::Method;

use crate::{
    harness::{ANNA, HTPASSWD, Http, Hubgate, Response, Setup},
    hub::Hub,
};

const PANEL: &str = "https://panel.test";
/// Fields of a browser's request for a page of the listed origin.
const SENT: [(&str, &str); 4] = [
    ("origin", PANEL),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
const PREFLIGHT: [(&str, &str); 3] = [
    ("origin", PANEL),
    ("access-control-request-method", "PUT"),
    (
        "access-control-request-headers",
        "authorization, content-type",
    ),
];
const EVIL: (&str, &str) = ("origin", "https://evil.test");

#[tokio::test]
async fn a_preflight_of_a_listed_origin_needs_no_password_and_reaches_no_hub() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    for mut client in clients(&gate).await {
        let answer = client
            .exchange(Method::OPTIONS, "/rest/items", &PREFLIGHT, "")
            .await;
        assert_eq!(answer.status, 204);
        assert_shared(&answer);
        assert_eq!(answer.field("access-control-allow-methods"), Some("PUT"));
        let headers = answer.field("access-control-allow-headers");
        assert_eq!(headers, Some("authorization, content-type"));
        assert!(answer.field("access-control-max-age").is_some());
        assert_eq!(answer.field("content-length"), None);
        let other = [EVIL, PREFLIGHT[1]];
        let answer = client
            .exchange(Method::OPTIONS, "/rest/items", &other, "")
            .await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.field("access-control-allow-origin"), None);
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn pages_of_a_listed_origin_read_and_write_and_open_websockets() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let fields = with_password(&SENT);
    let null = with_password(&[("origin", "null")]);
    for mut client in clients(&gate).await {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = client.exchange(method, "/rest/items", &fields, "").await;
            assert_eq!(answer.status, 200);
            assert_shared(&answer);
        }
        let answer = client.exchange(Method::POST, "/camera/", &null, "").await;
        assert_eq!(answer.field("access-control-allow-origin"), Some("null"));
    }
    assert!(gate.tls().websocket("/ws", &fields).await.is_ok());
    assert_eq!(gate.tls().websocket("/ws", &null).await.err(), Some(403));
}

#[tokio::test]
async fn a_listed_page_can_read_the_status_of_its_refusal() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    for mut client in clients(&gate).await {
        let answer = client.exchange(Method::GET, "/rest/items", &SENT, "").await;
        assert_eq!(answer.status, 401);
        assert_shared(&answer);
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn cors_fields_of_the_hub_never_double_those_of_hubgate() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let fields = with_password(&SENT);
    let own = with_password(&[]);
    for mut client in clients(&gate).await {
        let answer = client.exchange(Method::GET, "/cors", &fields, "").await;
        assert_shared(&answer);
        let answer = client.exchange(Method::GET, "/cors", &own, "").await;
        assert_eq!(answer.values("access-control-allow-origin"), ["*"]);
        assert!(answer.values("vary").contains(&"Origin"));
    }
}

#[tokio::test]
async fn an_origin_that_is_not_listed_stays_outside() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    for origin in [
        "https://evil.test",
        "http://panel.test",
        "https://panel.test:8443",
        "https://panel.test.evil.test",
        "https://PANEL.test",
        "null",
    ] {
        let fields = with_password(&[("origin", origin)]);
        for mut client in clients(&gate).await {
            let answer = client.exchange(Method::GET, "/", &fields, "").await;
            assert_eq!(answer.status, 403, "{origin}");
            assert_eq!(
                answer.field("access-control-allow-origin"),
                None,
                "{origin}"
            );
        }
        let socket = gate.tls().websocket("/ws", &fields).await.err();
        assert_eq!(socket, Some(403), "{origin}");
    }
    assert!(hub.requests().is_empty());
}

/// Asserts the one allowed origin, credentials, and `Vary: Origin`.
fn assert_shared(answer: &Response) {
    assert_eq!(answer.values("access-control-allow-origin"), [PANEL]);
    assert_eq!(answer.values("access-control-allow-credentials"), ["true"]);
    assert!(answer.values("vary").contains(&"Origin"));
}

fn with_password<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let credential = [("authorization", ANNA)];
    fields.iter().copied().chain(credential).collect()
}

async fn clients(gate: &Hubgate) -> [Http; 2] {
    [gate.tls().http1().await, gate.tls().http2().await]
}

async fn gate(hub: &Hub) -> Hubgate {
    Setup::home(&hub.url())
        .top("limits: {connections_per_address: 1000}")
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd, origins: [\"https://panel.test\"]}")
        .site("paths: [{path: /camera/, access: {origins: [\"null\"]}}]")
        .site("headers: {Access-Control-Allow-Origin: \"*\"}")
        .start()
        .await
}

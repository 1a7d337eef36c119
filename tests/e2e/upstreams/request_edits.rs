//! `upstream.host` and `upstream.headers`: the configured fields replace the client's.

use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Client, DEADLINE, Setup, eventually},
    hub::{Hub, Request, SecureHub},
};

/// A router that knows only its own name, and reads its own credential.
fn router(upstream: &str) -> Setup {
    Setup::home(upstream)
        .site("  host: router.lan:8080")
        .site("  headers: {Authorization: {file: router.auth}, Origin: null, X_Key: abc}")
        .file("router.auth", "Basic cm91dGVyOnNlY3JldA==\n")
}

/// Client's fields with the same names.
const SENT: [(&str, &str); 6] = [
    ("authorization", ANNA),
    ("x-key", "forged"),
    ("x_key", "forged"),
    ("connection", "X_Key, Authorization, Origin"),
    ("origin", "https://home.test"),
    ("accept", "*/*"),
];

#[tokio::test]
async fn the_hub_gets_the_configured_fields_in_the_clear_and_over_tls_on_each_way() {
    let hub = Hub::start().await;
    let secure = SecureHub::before(&hub).await;
    let clear = format!("{{servers: [\"{}\"]}}", hub.url());
    for upstream in [clear, secure.upstream("ca: hub-ca.pem")] {
        let upstream = upstream.replace(['{', '}'], "");
        let gate = router(&format!("\n      {}", upstream.replace(", ", "\n      ")))
            .file("hub-ca.pem", &secure.ca_pem())
            .start()
            .await;
        let before = hub.requests().len();
        // Over HTTP/2 there is no Connection field.
        let fields = SENT.iter().filter(|(name, _)| *name != "connection");
        let fields: Vec<_> = fields.copied().collect();
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), "/", &fields).await,
            IN
        );
        with_a_connection_list(&gate.tls()).await;
        let requests = &hub.requests()[before..];
        assert_eq!(requests.len(), 5);
        requests.iter().for_each(has_the_configured_fields);
    }
}

/// A request with a list that names the fields, one with a body in chunks, and one of HTTP/1.0.
async fn with_a_connection_list(client: &Client) {
    let fields: String = SENT
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: home.test\r\n{fields}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    let old = format!("GET / HTTP/1.0\r\nHost: home.test\r\n{fields}\r\n");
    for request in [chunked, old] {
        assert_eq!(client.raw().await.exchange(request).await.status, 200);
    }
}

fn has_the_configured_fields(request: &Request) {
    assert_eq!(request.values("host"), ["router.lan:8080"]);
    assert_eq!(
        request.values("authorization"),
        ["Basic cm91dGVyOnNlY3JldA=="]
    );
    assert_eq!(request.values("x_key"), ["abc"]);
    assert_eq!(request.values("x-key"), [""; 0]);
    assert_eq!(request.values("origin"), [""; 0]);
}

#[tokio::test]
async fn a_changed_secret_is_used_at_once_and_is_in_no_output() {
    let hub = Hub::start().await;
    let upstream = format!("\n      servers: [\"{}\"]", hub.url());
    let gate = router(&upstream).start().await;
    gate.tls().fetch("/").await;
    gate.write("router.auth", "Bearer fresh-secret\n");
    gate.line_with("router.auth was read again").await;
    eventually(DEADLINE, "the new value reaches the hub", async || {
        gate.tls().fetch("/").await;
        let request = hub.requests().pop().unwrap();
        request.field("authorization") == Some("Bearer fresh-secret")
    })
    .await;
    gate.write("router.auth", "broken\nsecret\n");
    let fault = gate.line_with("control characters").await;
    assert!(
        fault.contains("router.auth") && !fault.contains("secret"),
        "{fault}"
    );
    gate.tls().fetch("/").await;
    let request = hub.requests().pop().unwrap();
    assert_eq!(request.field("authorization"), Some("Bearer fresh-secret"));
    for command in ["check", "doctor", "status"] {
        let ran = gate.command(&[command]);
        let output = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!output.contains("fresh-secret"), "{command}: {output}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_stops_the_start_with_the_name_of_its_file() {
    let hub = Hub::start().await;
    let upstream = format!("\n      servers: [\"{}\"]", hub.url());
    let gate = Setup::home(&upstream)
        .site("  headers: {Authorization: {file: missing.auth}}")
        .launch();
    let fault = gate.line_with("missing.auth").await;
    assert!(fault.contains("upstream.headers.Authorization"), "{fault}");
}

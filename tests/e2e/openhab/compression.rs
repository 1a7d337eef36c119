//! Responses pass with the encoding of the hub.

use http::Method;

use crate::{
    harness::{Hubgate, Response, Setup},
    hub::Hub,
};

#[tokio::test]
async fn plain_answers_stay_plain() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for target in [
        "/chunked",
        "/plain",
        "/rest/items",
        "/assets/app.js",
        "/static/a.css",
    ] {
        let answer = get(&gate, target).await;
        assert_eq!(answer.field("content-encoding"), None, "{target}");
    }
    assert_eq!(get(&gate, "/chunked").await.text(), "one,two,three");
}

#[tokio::test]
async fn compressed_answers_pass_untouched() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let answer = get(&gate, "/gzipped").await;
    assert_eq!(answer.field("content-encoding"), Some("gzip"));
    assert_eq!(answer.field("etag"), Some("\"abc\""));
    assert_eq!(answer.field("content-length"), Some("6"));
    assert_eq!(answer.body, b"\x1fgzip\x08");
}

#[tokio::test]
async fn the_hub_gets_the_accepted_encodings_of_the_client() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    get(&gate, "/plain").await;
    let request = hub.request("/plain").await;
    assert_eq!(request.field("accept-encoding"), Some("gzip, br"));
}

async fn get(gate: &Hubgate, target: &str) -> Response {
    let mut client = gate.tls().http2().await;
    let fields = [("accept-encoding", "gzip, br")];
    client.exchange(Method::GET, target, &fields, "").await
}

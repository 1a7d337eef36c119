//! hubgate removes the credentials it consumed and forwards all others.

use http::Method;

use crate::{
    harness::{HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

/// `anna:secret`
const ANNA: &str = "Basic YW5uYTpzZWNyZXQ=";
/// `oh.token.abc:`, as openHAB's API tokens are sent.
const API_TOKEN: &str = "Basic b2gudG9rZW4uYWJjOg==";
const BEARER: &str = "Bearer eyJhbGciOi.JIUzI1NiIs.abc";

#[tokio::test]
async fn a_consumed_password_never_reaches_the_hub() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    assert_eq!(exchange(&gate, "/mine", ANNA).await, 200);
    assert_eq!(hub.request("/mine").await.field("authorization"), None);
}

#[tokio::test]
async fn a_password_is_stripped_at_home_too() {
    let hub = Hub::start().await;
    let gate = at_home(&hub).await;
    assert_eq!(exchange(&gate, "/mine", ANNA).await, 200);
    assert_eq!(hub.request("/mine").await.field("authorization"), None);
}

#[tokio::test]
async fn tokens_pass_when_another_factor_admitted() {
    let hub = Hub::start().await;
    let gate = at_home(&hub).await;
    for (target, token) in [("/bearer", BEARER), ("/api", API_TOKEN)] {
        assert_eq!(exchange(&gate, target, token).await, 200);
        let request = hub.request(target).await;
        assert_eq!(request.field("authorization"), Some(token));
    }
}

#[tokio::test]
async fn tokens_pass_an_open_site() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for (target, token) in [("/bearer", BEARER), ("/api", API_TOKEN), ("/user", ANNA)] {
        assert_eq!(exchange(&gate, target, token).await, 200);
        let request = hub.request(target).await;
        assert_eq!(request.field("authorization"), Some(token));
    }
}

#[tokio::test]
async fn a_token_alone_does_not_replace_the_password() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    for token in [BEARER, API_TOKEN] {
        assert_eq!(exchange(&gate, "/", token).await, 401);
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn x_openhab_token_passes_beside_the_password() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let fields = [("authorization", ANNA), ("x-openhab-token", "oh.abc")];
    let mut client = gate.tls().http2().await;
    client.exchange(Method::GET, "/mine", &fields, "").await;
    let request = hub.request("/mine").await;
    assert_eq!(request.field("x-openhab-token"), Some("oh.abc"));
}

/// Clients are in the networks; a password is an alternative.
async fn at_home(hub: &Hub) -> Hubgate {
    Setup::home(&hub.url())
        .file("htpasswd", HTPASSWD)
        .site("access: {networks: [lan], password: htpasswd}")
        .start()
        .await
}

async fn exchange(gate: &Hubgate, target: &str, authorization: &str) -> u16 {
    let mut client = gate.tls().http1().await;
    let fields = [("authorization", authorization)];
    client
        .exchange(Method::GET, target, &fields, "")
        .await
        .status
}

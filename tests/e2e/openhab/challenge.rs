//! Without a password the response to any request is 401 with openHAB's realm.

use http::Method;

use crate::{
    harness::{Response, Setup},
    hub::Hub,
};

const CHALLENGE: &str = r#"Basic realm="Username and Password Required""#;

#[tokio::test]
async fn a_missing_password_is_requested_with_401() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    for client in [&mut http1, &mut http2] {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::POST,
            Method::PUT,
        ] {
            let fields = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
            assert_challenge(&client.exchange(method, "/rest/items", &fields, "").await);
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_websocket_without_a_password_gets_401() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let refused = gate.tls().websocket("/ws", &[]).await;
    assert_eq!(refused.err(), Some(401));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_upgrade_to_anything_does_not_pass_the_password() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    for protocol in ["websocket", "h2c", "TLS/1.0", "x"] {
        let mut client = gate.tls().raw().await;
        let upgrade = format!("Connection: Upgrade\r\nUpgrade: {protocol}\r\n");
        let request = format!("GET / HTTP/1.1\r\nHost: home.test\r\n{upgrade}\r\n");
        let status = client.exchange(request).await.status;
        assert!(matches!(status, 400 | 401), "{protocol}: {status}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_requested_again() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    // anna:wrong, nobody:secret, no colon, no Base64, nothing
    let wrong = [
        "Basic YW5uYTp3cm9uZw==",
        "Basic bm9ib2R5OnNlY3JldA==",
        "Basic YW5uYQ==",
        "Basic %%%",
        "Basic",
    ];
    for credential in wrong {
        let mut client = gate.tls().http1().await;
        let fields = [("authorization", credential)];
        assert_challenge(&client.exchange(Method::GET, "/", &fields, "").await);
    }
    assert!(hub.requests().is_empty());
}

fn assert_challenge(answer: &Response) {
    assert_eq!(answer.status, 401);
    let challenge = answer.field("www-authenticate").unwrap();
    let (realm, _) = challenge.split_once(',').unwrap_or((challenge, ""));
    assert_eq!(realm, CHALLENGE);
    assert_eq!(answer.field("location"), None);
}

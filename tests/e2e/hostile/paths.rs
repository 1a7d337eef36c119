//! Path rules: ambiguous paths are refused, and all others reach the hub byte for byte.

use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

/// Spellings of `/private/x` that a parser may read as another path.
const DISGUISES: [&str; 33] = [
    "/private/x",
    "/private",
    "/./private/x",
    "/.//private/x",
    "//private/x",
    "///private/x",
    "/public/../private/x",
    "/public/%2e%2e/private/x",
    "/public/.%2e/private/x",
    "/public/%2E./private/x",
    "/public/..%2fprivate/x",
    "/public/..%2Fprivate/x",
    "/public%2f..%2fprivate/x",
    "/public/..%5cprivate/x",
    "/public\\..\\private/x",
    "/public/%252e%252e/private/x",
    "/public/..%252fprivate/x",
    "/public/..;/private/x",
    "/public/..;x=y/private/x",
    "/public/%2e%2e;/private/x",
    "/public/x/../../private/x",
    "/public/..%00/private/x",
    "/public/%c0%ae%c0%ae/private/x",
    "/public/%u002e%u002e/private/x",
    "/%70rivate/x",
    "/%2570rivate/x",
    "/private%2fx",
    "/private;x/x",
    "/;/private/x",
    "/;x=y/private/x",
    "/.;/private/x",
    "/private%00/x",
    "/private%3b/x",
];

#[tokio::test]
async fn no_spelling_of_a_path_passes_its_rule() {
    let hub = Hub::start().await;
    let gate = ruled(&hub).await;
    for target in DISGUISES {
        let status = over_http1(&gate, target).await;
        assert!(matches!(status, 400 | 403), "{target}: {status}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn no_spelling_of_a_path_passes_its_rule_over_http2() {
    let hub = Hub::start().await;
    let gate = ruled(&hub).await;
    for target in DISGUISES.iter().filter(|target| target.starts_with('/')) {
        let Ok(target) = target.parse::<http::uri::PathAndQuery>() else {
            continue;
        };
        let status = gate.tls().http2().await.get(target.as_str()).await.status;
        assert!(matches!(status, 400 | 403), "{target}: {status}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn no_spelling_of_a_public_path_opens_another() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [10.0.0.0/8]}")
        .site("paths: [{path: /public/, access: public}]")
        .start()
        .await;
    for target in [
        "/",
        "/public",
        "/publicx",
        "/PUBLIC/x",
        "/public/../x",
        "/public/..",
        "/public/%2e%2e/x",
        "/public/..%2fx",
        "/public/..;/x",
        "/public/;/../x",
        "/public/.%00./x",
        "/public\\../x",
        "/public/..\\x",
        "/public%2f../x",
        "/public%2fx",
        "/public%252fx",
        "/public;/x",
        "/public;x=/x",
        "/x/..;/public/x",
        "/x;/public/x",
        "//public/x",
        "/x//public/x",
        "/%70ublic%2fx",
    ] {
        let status = over_http1(&gate, target).await;
        assert!(matches!(status, 400 | 403), "{target}: {status}");
    }
    assert!(hub.requests().is_empty());
    for target in [
        "/public/",
        "/public/x?../y",
        "/public/a%20b",
        "/public/x;y=z",
    ] {
        assert_eq!(over_http1(&gate, target).await, 200, "{target}");
        assert_eq!(hub.requests().last().unwrap().target(), target);
    }
}

#[tokio::test]
async fn access_to_an_absolute_target_is_decided_by_its_path() {
    let hub = Hub::start().await;
    let gate = ruled(&hub).await;
    for target in [
        "http://home.test/private/x",
        "https://home.test/./private/x",
    ] {
        let status = over_http1(&gate, target).await;
        assert!(matches!(status, 400 | 403), "{target}: {status}");
    }
    assert_eq!(over_http1(&gate, "http://home.test/x").await, 200);
    assert_eq!(hub.requests().len(), 1);
}

#[tokio::test]
async fn every_method_and_an_upgrade_meet_the_same_rule() {
    let hub = Hub::start().await;
    let gate = ruled(&hub).await;
    for method in ["GET", "HEAD", "OPTIONS", "PROPFIND", "POST", "x"] {
        let mut client = gate.tls().raw().await;
        client
            .send(format!(
                "{method} /private/x HTTP/1.1\r\nHost: home.test\r\n\r\n"
            ))
            .await;
        assert_eq!(client.head().await.unwrap().word(1), "403", "{method}");
    }
    let upgrade = gate.tls().websocket("/private/ws", &[]).await;
    assert_eq!(upgrade.err(), Some(403));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn without_rules_every_well_formed_path_passes_byte_for_byte() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for target in [
        "/nodes/@scope%2Fname",
        "/a%2fb%2Fc",
        "/a;b=c/d;e",
        "/a//b",
        "/%252f",
        "/a%5cb",
    ] {
        assert_eq!(over_http1(&gate, target).await, 200, "{target}");
        assert_eq!(hub.requests().last().unwrap().target(), target);
    }
}

/// Starts hubgate with `/private/` forbidden to loopback clients.
async fn ruled(hub: &Hub) -> Hubgate {
    Setup::home(&hub.url())
        .site("paths: [{path: /private, access: {networks: [10.0.0.0/8]}}]")
        .start()
        .await
}

async fn over_http1(gate: &Hubgate, target: &str) -> u16 {
    let mut client = gate.tls().raw().await;
    let request = format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
    client.exchange(request).await.status
}

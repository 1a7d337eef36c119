//! HTTP redirects to HTTPS with the same host, path and query.

use http::Method;

use crate::{harness::Setup, hub::Hub};

#[tokio::test]
async fn host_path_and_query_are_kept() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.clear().raw().await;
    let port = gate.https().port();
    for host in ["home.test", "home.test:80", "HOME.test", "home.test:8081"] {
        let request = format!("GET /a%20b//c?d=/e&f HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = client.exchange(request).await;
        assert_eq!(answer.status, 301);
        let location = answer.field("location").unwrap().to_lowercase();
        assert_eq!(
            location,
            format!("https://home.test:{port}/a%20b//c?d=/e&f")
        );
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn methods_with_a_body_keep_it() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for (method, status) in [
        (Method::GET, 301),
        (Method::HEAD, 301),
        (Method::POST, 308),
        (Method::PUT, 308),
        (Method::DELETE, 308),
    ] {
        let mut client = gate.clear().http1().await;
        let answer = client.exchange(method.clone(), "/", &[], "").await;
        assert_eq!(answer.status, status, "{method}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn the_redirect_precedes_the_password() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let mut client = gate.clear().http1().await;
    assert_eq!(client.get("/").await.status, 301);
}

#[tokio::test]
async fn an_address_is_redirected_to_itself() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[home.test, 127.0.0.1]")
        .certificate("self-signed")
        .start()
        .await;
    let mut client = gate.clear().raw().await;
    let answer = client
        .exchange("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        .await;
    let location = format!("https://127.0.0.1:{}/", gate.https().port());
    assert_eq!(answer.field("location"), Some(location.as_str()));
}

#[tokio::test]
async fn a_path_without_its_slash_redirects_to_the_hub_below_it() {
    let (hub, below) = (Hub::start().await, Hub::start().await);
    let paths = format!("paths: [{{path: /sub/, upstream: \"{}\"}}]", below.url());
    let gate = Setup::home(&hub.url())
        .password()
        .site(&paths)
        .start()
        .await;
    let anna = ("authorization", crate::harness::ANNA);
    for (method, status) in [(Method::GET, 301), (Method::HEAD, 301), (Method::POST, 308)] {
        let mut client = gate.tls().http1().await;
        let led = client
            .exchange(method.clone(), "/sub?a=1&b", &[anna], "")
            .await;
        assert_eq!(led.status, status, "{method}");
        assert_eq!(led.field("location"), Some("/sub/?a=1&b"));
    }
    let mut client = gate.tls().http2().await;
    assert_eq!(
        client.exchange(Method::GET, "/sub", &[], "").await.status,
        401
    );
    assert_eq!(
        client
            .exchange(Method::GET, "/su%62", &[anna], "")
            .await
            .status,
        301
    );
    assert_eq!(
        client
            .exchange(Method::GET, "/subs", &[anna], "")
            .await
            .status,
        200
    );
    assert_eq!(
        client
            .exchange(Method::GET, "/sub/", &[anna], "")
            .await
            .status,
        200
    );
    let seen = |hub: &Hub| {
        hub.requests()
            .iter()
            .map(|request| request.target().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (seen(&hub), seen(&below)),
        (vec!["/subs".to_owned()], vec!["/sub/".to_owned()])
    );
}

#[tokio::test]
async fn a_rule_for_the_path_without_its_slash_is_not_led_away() {
    let (hub, below) = (Hub::start().await, Hub::start().await);
    let paths = format!(
        "paths: [{{path: /sub, access: public}}, {{path: /sub/, upstream: \"{}\"}}]",
        below.url()
    );
    let gate = Setup::home(&hub.url()).site(&paths).start().await;
    assert_eq!(gate.tls().http1().await.get("/sub").await.status, 200);
    assert_eq!(hub.requests().len(), 1);
}

//! Row 18: HTTP leads to HTTPS with host, path and query kept.

use http::Method;

use crate::{harness::Setup, hub::Hub};

#[tokio::test]
async fn row_18_host_path_and_query_are_kept() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.clear().raw().await;
    let port = gate.https().port();
    for host in ["home.test", "home.test:80", "HOME.test", "home.test:8081"] {
        let request = format!("GET /a%20b//c?d=/e&f HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = client.ask(request).await;
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
async fn row_18_methods_with_a_body_keep_it() {
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
        let answer = client.ask(method.clone(), "/", &[], "").await;
        assert_eq!(answer.status, status, "{method}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn row_18_the_redirect_comes_before_the_password() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let mut client = gate.clear().http1().await;
    assert_eq!(client.get("/").await.status, 301);
}

#[tokio::test]
async fn row_18_an_address_is_redirected_to_itself() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[home.test, 127.0.0.1]")
        .certificate("self-signed")
        .start()
        .await;
    let mut client = gate.clear().raw().await;
    let answer = client
        .ask("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        .await;
    let location = format!("https://127.0.0.1:{}/", gate.https().port());
    assert_eq!(answer.field("location"), Some(location.as_str()));
}

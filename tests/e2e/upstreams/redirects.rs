//! Redirects of a hub that names itself by its own address.

use crate::{
    harness::{Response, Setup},
    hub::{Hub, SecureHub},
};

#[tokio::test]
async fn a_redirect_to_the_hubs_own_address_leads_to_the_site() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for (status, location, expected) in [
        (
            "302 Found",
            format!("{}/login?a=b", hub.url()),
            "/login?a=b",
        ),
        ("301 Moved Permanently", hub.url(), "/"),
        (
            "201 Created",
            format!("{}/things/1", hub.url()),
            "/things/1",
        ),
        (
            "302 Found",
            format!("{}//example.org", hub.url()),
            "/.//example.org",
        ),
        (
            "302 Found",
            "https://example.org/".to_owned(),
            "https://example.org/",
        ),
        ("302 Found", "/login".to_owned(), "/login"),
    ] {
        hub.set_response("/scripted", &redirect(status, &location), true);
        let one = gate.tls().http1().await.get("/scripted").await;
        hub.set_response("/scripted", &redirect(status, &location), true);
        let two = gate.tls().http2().await.get("/scripted").await;
        assert_eq!(locations([one, two]), [expected, expected]);
    }
}

#[tokio::test]
async fn a_redirect_to_the_host_that_the_hub_gets_leads_to_the_site() {
    let hub = Hub::start().await;
    let secure = SecureHub::before(&hub).await;
    let upstream = secure.upstream("ca: hub-ca.pem, host: router.lan");
    let gate = Setup::home(&upstream)
        .file("hub-ca.pem", &secure.ca_pem())
        .start()
        .await;
    hub.set_response(
        "/scripted",
        &redirect("302 Found", "https://router.lan/login"),
        true,
    );
    let one = gate.tls().http1().await.get("/scripted").await;
    hub.set_response(
        "/scripted",
        &redirect("302 Found", "http://ROUTER.lan"),
        true,
    );
    let two = gate.tls().http2().await.get("/scripted").await;
    assert_eq!(locations([one, two]), ["/login", "/"]);
}

fn redirect(status: &str, location: &str) -> String {
    format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn locations(answers: [Response; 2]) -> [String; 2] {
    answers.map(|answer| answer.field("location").unwrap().to_owned())
}

//! Hubs that are not there, go away, or take their time.

use http::Method;
use http_body_util::BodyExt;

use crate::{
    harness::{DEADLINE, Setup, eventually, until, within},
    hub::Hub,
};

#[tokio::test]
async fn a_hub_that_starts_after_hubgate_is_found() {
    let mut hub = Hub::start().await;
    hub.stop().await;
    let gate = Setup::home(&hub.url()).start().await;
    for method in [Method::GET, Method::POST] {
        for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
            let down = client.exchange(method.clone(), "/", &[], "body").await;
            assert_eq!(down.status, 503);
            assert!(down.field("retry-after").is_some());
        }
    }
    assert_eq!(gate.tls().websocket("/ws", &[]).await.err(), Some(503));
    hub.start_again().await;
    let mut client = gate.tls().http1().await;
    eventually(DEADLINE, "the hub is found", async || {
        client.get("/").await.status == 200
    })
    .await;
    assert!(gate.tls().websocket("/ws", &[]).await.is_ok());
}

#[tokio::test]
async fn the_page_of_a_stopped_hub_names_openhab_only_for_openhab() {
    let mut hub = Hub::start().await;
    hub.stop().await;
    let openhab = format!("{{servers: [\"{}\"], kind: openhab}}", hub.url());
    for (upstream, title) in [
        (openhab, "openHAB startet"),
        (hub.url(), "Die Zentrale startet"),
    ] {
        let gate = Setup::home(&upstream).start().await;
        let fields = [("accept-language", "de")];
        let mut client = gate.tls().http1().await;
        let page = client
            .exchange(Method::GET, "/", &fields, "")
            .await
            .text()
            .into_owned();
        assert!(page.contains(title) && page.contains("home.test"), "{page}");
        assert_eq!(
            page.contains("openHAB"),
            title.contains("openHAB"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_client_that_takes_json_gets_a_problem() {
    let mut hub = Hub::start().await;
    hub.stop().await;
    let gate = Setup::home(&hub.url()).start().await;
    let fields = [("accept", "application/json")];
    for (target, status) in [("/", 503), ("/%00", 400)] {
        let caller = gate.tls();
        for mut client in [caller.http1().await, caller.http2().await] {
            let answer = client.exchange(Method::GET, target, &fields, "").await;
            assert_eq!(answer.status, status);
            let kind = answer.field("content-type");
            assert_eq!(kind, Some("application/problem+json"));
            let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(problem["status"], status);
        }
    }
}

#[tokio::test]
async fn a_hub_that_disconnects_aborts_its_streams() {
    for version in ["http/1.1", "h2"] {
        let mut hub = Hub::start().await;
        let gate = Setup::home(&hub.url()).start().await;
        let mut client = match version {
            "h2" => gate.tls().http2().await,
            _ => gate.tls().http1().await,
        };
        let answer = client.open(Method::GET, "/rest/events", &[], "").await;
        let mut events = answer.into_body();
        hub.tick("tick");
        until(&mut events, "tick").await;
        hub.stop().await;
        let last = within("the end of the stream", events.frame()).await;
        assert!(
            last.is_some_and(|last| last.is_err()),
            "{version}: a clean end"
        );
    }
}

#[tokio::test]
async fn a_silent_hub_becomes_504() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {stream_idle: 1s}")
        .start()
        .await;
    for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
        assert_eq!(client.get("/hang").await.status, 504);
    }
    eventually(DEADLINE, "the hub is left", async || {
        hub.disconnections() == 2
    })
    .await;
}

#[tokio::test]
async fn a_restarted_hub_gets_requests_without_a_wait() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    for _ in 0..5 {
        assert_eq!(client.get("/plain").await.text(), "plain");
        hub.stop().await;
        hub.start_again().await;
    }
}

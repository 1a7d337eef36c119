//! Streams reach the client event by event, as the hub sent them.

use http::Method;

use crate::{
    harness::{Setup, until},
    hub::Hub,
};

const ENDPOINTS: [&str; 3] = ["/rest/events", "/rest/sitemaps/events/1", "/mjpeg"];

#[tokio::test]
async fn each_event_arrives_before_the_next_is_sent() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for endpoint in ENDPOINTS {
        let mut http1 = gate.tls().http1().await;
        let mut http2 = gate.tls().http2().await;
        for client in [&mut http1, &mut http2] {
            let mut body = client
                .open(Method::GET, endpoint, &[], "")
                .await
                .into_body();
            for tick in ["tick-1", "tick-2", "tick-3"] {
                hub.tick(tick);
                until(&mut body, tick).await;
            }
        }
    }
}

#[tokio::test]
async fn a_stream_is_never_compressed() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let fields = [
        ("accept-encoding", "gzip, br, zstd"),
        ("accept", "text/event-stream"),
    ];
    let mut client = gate.tls().http2().await;
    let answer = client.open(Method::GET, "/rest/events", &fields, "").await;
    assert_eq!(answer.headers().get("content-encoding"), None);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
}

#[tokio::test]
async fn a_silent_stream_outlives_idle_connections() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {idle: 1s, header_time: 1s}")
        .start()
        .await;
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    let mut streams = Vec::new();
    for client in [&mut http1, &mut http2] {
        let answer = client.open(Method::GET, "/rest/events", &[], "").await;
        streams.push(answer.into_body());
    }
    let mut idle = gate.tls().raw().await;
    idle.exchange("GET /idle HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    idle.end().await;
    hub.tick("after");
    for stream in &mut streams {
        until(stream, "after").await;
    }
}

#[tokio::test]
async fn a_long_poll_is_answered_when_the_hub_answers() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    let tick = async {
        hub.request("/slow").await;
        hub.tick("now");
    };
    let (answer, ()) = tokio::join!(client.get("/slow"), tick);
    assert_eq!(answer.text(), "plain");
}

//! Graceful shutdown: open requests finish, and idle connections close.

use http::Method;

use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn sigterm_lets_a_request_finish_and_then_stops() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    let ending = async {
        hub.request("/slow").await;
        gate.terminate();
        closed(&gate).await;
        hub.tick("now");
    };
    let (answer, ()) = tokio::join!(client.get("/slow"), ending);
    assert_eq!(answer.text(), "plain");
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn sigterm_lets_a_request_body_and_a_response_finish() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    client
        .send("POST /upload HTTP/1.1\r\nHost: home.test\r\nContent-Length: 10\r\n\r\nfirst")
        .await;
    hub.request("/upload").await;
    gate.terminate();
    closed(&gate).await;
    let answer = client.exchange("after").await;
    assert_eq!((answer.status, answer.complete), (200, true));
    assert_eq!(answer.field("connection"), Some("close"));
    assert_eq!(hub.request("/upload").await.body, b"firstafter");
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn sigterm_closes_idle_connections() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let request = "GET /plain HTTP/1.1\r\nHost: home.test\r\n\r\n";
    let mut unused = gate.tls().raw().await;
    let mut used = gate.tls().raw().await;
    assert_eq!(used.exchange(request).await.status, 200);
    let mut http2 = gate.tls().http2().await;
    assert_eq!(http2.get("/plain").await.status, 200);
    gate.terminate();
    assert_eq!(used.end().await, b"");
    assert_eq!(unused.end().await, b"");
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn an_idle_connection_may_send_one_last_request_and_is_closed_after_it() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let request = "GET /plain HTTP/1.1\r\nHost: home.test\r\n\r\n";
    let mut client = gate.tls().raw().await;
    assert_eq!(client.exchange(request).await.status, 200);
    gate.terminate();
    closed(&gate).await;
    let last = client.exchange(request).await;
    assert_eq!(last.text(), "plain");
    assert_eq!(last.field("connection"), Some("close"));
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn sigterm_sends_a_close_frame_to_websockets() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    assert_eq!(socket.exchange("hello").await, "hello");
    gate.terminate();
    assert_eq!(socket.farewell().await, Some(1001));
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_second_sigterm_does_not_wait_for_streams() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    let _stream = client.open(Method::GET, "/rest/events", &[], "").await;
    gate.terminate();
    closed(&gate).await;
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn idle_clients_do_not_delay_the_shutdown() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let _no_handshake = tokio::net::TcpStream::connect(gate.https()).await.unwrap();
    let _no_preface = gate.tls().stream(&["h2"]).await.unwrap();
    let mut half_a_head = gate.tls().raw().await;
    half_a_head.send("GET / HTTP/1.1\r\nX: ").await;
    gate.terminate();
    assert!(gate.ended().await.success());
}

async fn closed(gate: &Hubgate) {
    eventually(DEADLINE, "no new connection is taken", async || {
        tokio::net::TcpStream::connect(gate.https()).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn a_signal_without_a_meaning_is_logged_and_ends_nothing() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for (signal, name) in [
        ("USR1", "SIGUSR1 is ignored"),
        ("QUIT", "SIGQUIT is ignored"),
        ("ALRM", "SIGALRM is ignored"),
        ("PWR", "SIGPWR is ignored"),
        ("40", "signal 40 is ignored"),
    ] {
        gate.sends(signal);
        gate.line_with(name).await;
    }
    assert_eq!(gate.tls().http1().await.get("/").await.status, 200);
}

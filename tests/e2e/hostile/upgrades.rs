//! Upgrade and Expect: only WebSocket leaves HTTP, and only with the hub's 101.

use super::fixture::{Fixture, SMUGGLED, get, post};

const KEY: &str = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

#[tokio::test]
async fn upgrades_to_anything_else_pass_as_plain_requests() {
    let fixture = Fixture::open().await;
    for fields in [
        "Connection: Upgrade\r\nUpgrade: x",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: Upgrade\r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0",
        "Connection: Upgrade\r\nUpgrade: websocketx",
        "Upgrade: websocket",
        "Connection: Upgrade\r\nUpgrade:",
    ] {
        fixture.forwards(get(fields), &[("/case", "")]).await;
        let received = fixture.hub.received("/case").unwrap();
        for name in ["upgrade", "http2-settings"] {
            assert_eq!(received.field(name), None, "{fields:?}");
        }
    }
    fixture.close().await;
}

#[tokio::test]
async fn bytes_after_half_an_upgrade_are_another_request() {
    let fixture = Fixture::open().await;
    for fields in [
        "Connection: Upgrade\r\nUpgrade: websocket",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: h2c, websocket",
    ] {
        let mut client = fixture.gate.tls().raw().await;
        let answer = client.exchange(get(&format!("{KEY}\r\n{fields}"))).await;
        if answer.status == 101 {
            assert_eq!(fields, "Connection: Upgrade\r\nUpgrade: websocket");
            continue;
        }
        let received = fixture.hub.received("/case");
        assert!(
            received.is_none_or(|received| received.field("upgrade").is_none()),
            "{fields:?}"
        );
    }
    let by_post =
        format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{KEY}\r\nContent-Length: 5");
    fixture
        .forwards(post(&by_post, "hello"), &[("/case", "hello")])
        .await;
    fixture.close().await;
}

#[tokio::test]
async fn nothing_passes_behind_an_upgrade_that_the_hub_refuses() {
    let fixture = Fixture::open().await;
    let upgrade = format!(
        "GET /plain HTTP/1.1\r\nHost: home.test\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\n{KEY}\r\n\r\n"
    );
    for together in [true, false] {
        let mut client = fixture.gate.tls().raw().await;
        if together {
            client.send(format!("{upgrade}{SMUGGLED}")).await;
        } else {
            client.send(&upgrade).await;
        }
        assert_eq!(client.receive().await.text(), "plain");
        client.send(SMUGGLED).await;
        assert_eq!(client.end().await, b"");
        assert!(fixture.hub.received("/smuggled").is_none());
    }
    fixture.close().await;
}

#[tokio::test]
async fn expectations_but_100_continue_are_refused() {
    let fixture = Fixture::open().await;
    for expected in ["tea", "100-continue, tea", "100", "", "200-ok"] {
        let fields = format!("Expect: {expected}\r\nContent-Length: 5");
        fixture.refuses_with(417, post(&fields, "hello")).await;
    }
    let twice = "Expect: 100-continue\r\nExpect: tea\r\nContent-Length: 5";
    fixture.refuses_with(417, post(twice, "hello")).await;
    fixture.close().await;
}

#[tokio::test]
async fn a_client_that_expects_a_100_gets_it_and_then_its_response() {
    let fixture = Fixture::open().await;
    let head = "POST /expect HTTP/1.1\r\nHost: home.test\r\nExpect: 100-continue\r\n\
                Content-Length: 5\r\n\r\n";
    for _ in 0..2 {
        let mut client = fixture.gate.tls().raw().await;
        let interim = client.exchange(head).await;
        assert_eq!((interim.status, interim.field("connection")), (100, None));
        assert_eq!(client.exchange("hello").await.status, 200);
        assert_eq!(fixture.hub.received("/expect").unwrap().body, b"hello");
    }
    fixture.close().await;
}

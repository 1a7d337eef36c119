//! Malformed responses: hubgate answers with an error, and no byte of them reaches another client.

use http::Method;

use crate::{
    harness::{Hubgate, Response, Setup},
    hub::Hub,
};

#[tokio::test]
async fn heads_that_are_no_answer_become_502() {
    let (hub, gate) = start().await;
    for head in [
        "\r\n",
        "200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
        "HTTP/1.1 OK 200\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 -200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "ICY 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX(: a\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        for answer in each(&hub, &gate, head).await {
            assert_eq!(answer.status, 502, "{head:?}");
        }
    }
    is_in_step(&gate).await;
}

#[tokio::test]
async fn bodies_that_break_off_are_not_passed_on_as_whole() {
    let (hub, gate) = start().await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "4\r\nhalf",
        "4\r\nhalf\r",
        "4\r\nhalf\r\n0\r\n",
        "4\r\nhalf\r\n",
        "4",
        "4\r\nhalf-and-more\r\n0\r\n\r\n",
        "-4\r\nhalf\r\n0\r\n\r\n",
        "x\r\nhalf\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhalf\r\n0\r\n\r\n",
    ] {
        for answer in each(&hub, &gate, &format!("{chunked}{body}")).await {
            let is_reported = !answer.complete || answer.status == 502;
            assert!(is_reported, "{body:?}: {} {}", answer.status, answer.text());
        }
    }
    for answer in each(
        &hub,
        &gate,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf",
    )
    .await
    {
        assert!(!answer.complete);
    }
    is_in_step(&gate).await;
}

#[tokio::test]
async fn odd_answers_that_mean_one_thing_are_passed_on() {
    let (hub, gate) = start().await;
    for (answer, body) in [
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"),
        (
            "HTTP/1.1 200 All is well\r\ncontent-length:2\r\n\r\nok",
            "ok",
        ),
        ("HTTP/1.0 200 OK\r\n\r\nto the end", "to the end"),
        ("HTTP/1.1 200 OK\r\n\r\nto the end", "to the end"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX: y\r\n\r\n",
            "ok",
        ),
    ] {
        for passed in each(&hub, &gate, answer).await {
            assert_eq!((passed.status, passed.complete), (200, true), "{answer:?}");
            assert_eq!(passed.text(), body, "{answer:?}");
        }
    }
    is_in_step(&gate).await;
}

#[tokio::test]
async fn many_interim_answers_are_borne() {
    let (hub, gate) = start().await;
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
        "HTTP/1.1 199 Odd\r\n\r\n",
    ] {
        let answer = interim.repeat(50) + last;
        for answer in each(&hub, &gate, &answer).await {
            assert_eq!(
                (answer.status, answer.text().as_ref()),
                (200, "ok"),
                "{interim:?}"
            );
        }
    }
    is_in_step(&gate).await;
}

/// A request that opens a WebSocket (RFC 6455, section 4.1).
const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// The answer's bytes, after which the hub hangs up, as an HTTP/1.1 client, one that requests a
/// WebSocket, and an HTTP/2 client receive it.
async fn each(hub: &Hub, gate: &Hubgate, answer: &str) -> [Response; 3] {
    hub.set_response("/scripted", answer, false);
    let mut http1 = gate.tls().http1().await;
    let mut upgrading = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    [
        http1.get("/scripted").await,
        upgrading
            .exchange(Method::GET, "/scripted", &UPGRADE, "")
            .await,
        http2.get("/scripted").await,
    ]
}

async fn is_in_step(gate: &Hubgate) {
    for _ in 0..3 {
        assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
    }
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

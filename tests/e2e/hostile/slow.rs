//! Slow clients: each is cut after its timeout, and no other.

use std::{fs, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::interval,
};

use super::frames::{
    DATA, END_HEADERS, Frames, GET, HEADERS, Outcome, PREFACE, SETTINGS, block, frame,
};
use crate::{
    harness::{Client, Hubgate, RawConnection, Setup, within},
    hub::Hub,
};

/// The first bytes of a ClientHello of 512 bytes.
const HALF_A_HELLO: &[u8] = &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 1, 2, 3, 4];

#[tokio::test]
async fn half_a_handshake_is_cut() {
    let (_hub, gate) = hurried().await;
    for begin in [&HALF_A_HELLO[..1], &HALF_A_HELLO[..5], HALF_A_HELLO] {
        let mut client = Client::clear(gate.https()).raw().await;
        client.send(begin).await;
        client.end().await;
    }
}

#[tokio::test]
async fn a_dripping_handshake_is_cut() {
    let (_hub, gate) = hurried().await;
    let mut client = Client::clear(gate.https()).raw().await;
    client.send(HALF_A_HELLO).await;
    drips(&mut client, b"\0").await;
}

#[tokio::test]
async fn half_a_preface_is_cut() {
    let (_hub, gate) = hurried().await;
    for begin in [&PREFACE[..1], &PREFACE[..PREFACE.len() - 1]] {
        let mut client = http2(&gate).await;
        client.send(begin).await;
        client.end().await;
    }
}

#[tokio::test]
async fn a_malformed_preface_is_cut_at_once() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for begin in [
        "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n",
        "PRI * HTTP/1.1\r\n",
        "\0",
    ] {
        let mut client = http2(&gate).await;
        client.send(begin).await;
        client.end().await;
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_http2_connection_without_requests_is_cut() {
    let (_hub, gate) = hurried().await;
    let mut only_preface = http2(&gate).await;
    only_preface.send(PREFACE).await;
    only_preface.end().await;
    Frames::open(&gate).await.end().await;
    let mut half_a_frame = Frames::open(&gate).await;
    half_a_frame.send(&frame(SETTINGS, 0, 0, b"")[..5]).await;
    half_a_frame.end().await;
}

#[tokio::test]
async fn half_a_header_block_is_cut() {
    let (hub, gate) = hurried().await;
    let mut client = Frames::open(&gate).await;
    client.send(&frame(HEADERS, 0, 1, &block(&GET))).await;
    client.end().await;
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_used_connection_that_stalls_is_cut() {
    let (_hub, gate) = hurried().await;
    let mut http1 = gate.tls().raw().await;
    let request = "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert_eq!(http1.exchange(request).await.status, 200);
    http1.end().await;
    let mut http2 = Frames::open(&gate).await;
    http2.send(&frame(HEADERS, 5, 1, &block(&GET))).await;
    http2.fate().await;
    http2.end().await;
}

#[tokio::test]
async fn a_body_that_stops_is_cut_and_never_whole() {
    let (hub, gate) = hurried().await;
    for fields in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut client = gate.tls().raw().await;
        client.send(upload(fields)).await;
        client.send("5\r\nhello").await;
        client.end().await;
    }
    let mut client = Frames::open(&gate).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, &post())).await;
    client.send(&frame(DATA, 0, 1, b"hello")).await;
    assert_ne!(client.fate().await, Outcome::Answered);
    assert!(hub.requests().iter().all(|request| !request.complete));
}

#[tokio::test]
async fn a_body_of_some_bytes_a_second_is_cut() {
    let (hub, gate) = hurried().await;
    let mut length = gate.tls().raw().await;
    length.send(upload("Content-Length: 100000")).await;
    let mut chunked = gate.tls().raw().await;
    chunked.send(upload("Transfer-Encoding: chunked")).await;
    let mut http2 = http2(&gate).await;
    http2.send(PREFACE).await;
    http2.send(frame(SETTINGS, 0, 0, b"")).await;
    http2.send(frame(HEADERS, END_HEADERS, 1, &post())).await;
    let drop = frame(DATA, 0, 1, b"x");
    tokio::join!(
        drips(&mut length, b"x"),
        drips(&mut chunked, b"1\r\nx\r\n"),
        drips(&mut http2, &drop),
    );
    assert!(hub.requests().iter().all(|request| !request.complete));
}

#[tokio::test]
async fn a_body_that_keeps_coming_may_take_its_time() {
    let (hub, gate) = hurried().await;
    let mut client = gate.tls().raw().await;
    client.send(upload("Content-Length: 50000")).await;
    let mut pace = interval(Duration::from_millis(100));
    for _ in 0..50 {
        pace.tick().await;
        client.send([b'x'; 1_000]).await;
    }
    assert_eq!(client.receive().await.status, 200);
    assert_eq!(hub.request("/upload").await.length, 50_000);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_the_whole_answer() {
    let (_hub, gate) = hurried().await;
    let mut client = gate.tls().stream(&["http/1.1"]).await.unwrap();
    let request = b"GET /large HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    client.flush().await.unwrap();
    let mut pace = interval(Duration::from_millis(50));
    let mut read = 0;
    let mut some = vec![0; 256 * 1024];
    loop {
        if read < 8_000_000 {
            pace.tick().await;
        }
        match within("more of the answer", client.read(&mut some))
            .await
            .unwrap()
        {
            0 => break,
            length => read += length,
        }
    }
    assert!(read > 30_000_000, "{read}");
}

#[tokio::test]
async fn the_kernel_buffers_little_of_an_unread_response() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    client
        .send("GET /large HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    hub.request("/large").await;
    let mut other = gate.tls().http1().await;
    for _ in 0..100 {
        assert_eq!(other.get("/").await.status, 200);
    }
    let kept = not_taken(gate.https().port());
    assert!((1..600_000).contains(&kept), "{kept} bytes");
}

/// The bytes sent from a port that its peers have not taken.
fn not_taken(port: u16) -> u64 {
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    let sent_from = |line: &&str| {
        let local = line.split_whitespace().nth(1).unwrap_or_default();
        local.ends_with(&format!(":{port:04X}"))
    };
    let queued = sockets.lines().filter(sent_from).map(|line| {
        let queues = line.split_whitespace().nth(4).unwrap();
        u64::from_str_radix(queues.split(':').next().unwrap(), 16).unwrap()
    });
    queued.sum()
}

/// Sends the bytes now and then, until hubgate closes.
async fn drips(client: &mut RawConnection, drop: &[u8]) {
    let mut pace = interval(Duration::from_millis(100));
    for _ in 0..100 {
        tokio::select! {
            _ = client.end() => return,
            _ = pace.tick() => client.send(drop).await,
        }
    }
    panic!("a dripping client was not cut");
}

fn upload(fields: &str) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n")
}

fn post() -> Vec<u8> {
    let mut fields = GET;
    fields[0].1 = "POST";
    block(&fields)
}

async fn http2(gate: &Hubgate) -> RawConnection {
    RawConnection::over(gate.tls().stream(&["h2"]).await.unwrap())
}

/// A hubgate with timeouts of one second.
async fn hurried() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {header_time: 1s, idle: 1s}")
        .start()
        .await;
    (hub, gate)
}

//! Uploads over HTTP/2 that are answered before their end: the rest is read for a while, and no
//! longer.

use bytes::Bytes;
use h2::Reason;
use http::Request;

use super::frames::{
    DATA, END_HEADERS, END_STREAM, Frames, GET, HEADERS, PING, RST_STREAM, block, frame,
};
use crate::{
    harness::{HTPASSWD, Hubgate, Setup, within},
    hub::Hub,
};

const MEBIBYTE: usize = 1024 * 1024;
/// Bytes in windows that a client may have been given beyond what was read.
const WINDOWS: usize = 256 * 1024;

#[tokio::test]
async fn an_upload_that_ends_after_its_answer_is_not_reset() {
    let (_hub, gate) = start().await;
    let mut client = Frames::open(&gate).await;
    client.send(&post()).await;
    answered(&mut client).await;
    client.send(&frame(DATA, 0, 1, &[b'x'; 10_000])).await;
    client.send(&frame(DATA, END_STREAM, 1, b"end")).await;
    client.send(&frame(PING, 0, 0, b"12345678")).await;
    loop {
        let next = within("a frame", client.next()).await;
        let (kind, stream, payload) = next.expect("the connection goes on");
        assert_ne!((kind, stream), (RST_STREAM, 1));
        if kind == PING && payload == b"12345678" {
            return;
        }
    }
}

#[tokio::test]
async fn an_upload_that_never_ends_is_reset_after_a_while() {
    let (_hub, gate) = start().await;
    let mut client = Frames::open(&gate).await;
    client.send(&post()).await;
    answered(&mut client).await;
    loop {
        let next = within("the stream is reset", client.next()).await;
        let (kind, stream, payload) = next.expect("the connection goes on");
        if (kind, stream) == (RST_STREAM, 1) {
            return assert_eq!(payload, [0; 4], "NO_ERROR");
        }
    }
}

#[tokio::test]
async fn an_upload_without_end_is_reset_after_a_mebibyte() {
    let (_hub, gate) = start().await;
    let mut sender = gate.tls().h2().await;
    let request = Request::post("https://home.test/case").body(()).unwrap();
    let (answer, mut body) = sender.send_request(request, false).unwrap();
    assert_eq!(within("an answer", answer).await.unwrap().status(), 401);
    let mut sent = 0;
    let reason = loop {
        assert!(sent <= MEBIBYTE + WINDOWS, "{sent} bytes were taken");
        body.reserve_capacity(16 * 1024);
        let room = std::future::poll_fn(|context| body.poll_capacity(context));
        match within("room, or the end", room).await {
            Some(Ok(room)) if body.send_data(Bytes::from(vec![b'x'; room]), false).is_ok() => {
                sent += room;
            }
            _ => {
                let reset = std::future::poll_fn(|context| body.poll_reset(context));
                break within("the reason", reset).await.unwrap();
            }
        }
    };
    assert_eq!(reason, Reason::NO_ERROR);
    assert!(sent >= MEBIBYTE, "{sent} bytes were taken");
}

/// Waits for the answer's end.
async fn answered(client: &mut Frames) {
    loop {
        let next = within("the answer", client.next()).await;
        let (kind, stream, payload) = next.expect("an answer");
        assert_ne!((kind, stream), (RST_STREAM, 1));
        if (kind, stream) == (DATA, 1) && !payload.is_empty() {
            return;
        }
    }
}

fn post() -> Vec<u8> {
    let mut fields = GET;
    fields[0].1 = "POST";
    frame(HEADERS, END_HEADERS, 1, &block(&fields))
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {password: htpasswd}")
        .file("htpasswd", HTPASSWD)
        .start()
        .await;
    (hub, gate)
}

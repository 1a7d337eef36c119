//! Bodies at the default limit, 64 MB.

use bytes::Bytes;
use http::Request;

use crate::{
    harness::{Hubgate, Setup, within},
    hub::Hub,
};

const LIMIT: usize = 64_000_000;
const PIECE: usize = 1_000_000;

#[tokio::test]
async fn a_body_of_64_mb_and_a_byte_is_refused_by_its_length() {
    let (hub, gate) = start().await;
    let mut client = gate.tls().raw().await;
    let answer = client
        .exchange(head(&format!("Content-Length: {}", LIMIT + 1)))
        .await;
    assert_eq!(answer.status, 413);
    client.end().await;
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_chunked_body_of_64_mb_passes_and_of_a_byte_more_is_refused() {
    let (hub, gate) = start().await;
    for (last, status) in [("0\r\n\r\n", 200), ("1\r\nx\r\n0\r\n\r\n", 413)] {
        let mut client = gate.tls().raw().await;
        client.send(head("Transfer-Encoding: chunked")).await;
        let chunk = format!("{PIECE:x}\r\n{}\r\n", "x".repeat(PIECE));
        for _ in 0..LIMIT / PIECE {
            client.send(&chunk).await;
        }
        assert_eq!(client.exchange(last).await.status, status);
        let received = hub.request("/upload").await;
        assert_eq!(received.complete, status == 200);
        assert!(received.length <= LIMIT);
    }
}

#[tokio::test]
async fn an_http2_body_of_64_mb_and_a_byte_is_refused() {
    let (hub, gate) = start().await;
    assert_eq!(upload(&gate, LIMIT + 1, true).await, 413);
    assert!(hub.requests().is_empty(), "refused by its length");
    assert_eq!(upload(&gate, LIMIT + 1, false).await, 413);
    let received = hub.request("/upload").await;
    assert!(!received.complete && received.length <= LIMIT);
    assert_eq!(upload(&gate, LIMIT, false).await, 200);
    assert_eq!(hub.request("/upload").await.length, LIMIT);
}

/// Sends this number of bytes, or as many as hubgate takes, and returns the status.
async fn upload(gate: &Hubgate, length: usize, is_declared: bool) -> u16 {
    let mut request = Request::post("https://home.test/upload");
    if is_declared {
        request = request.header("content-length", length);
    }
    let mut sender = gate.tls().h2().await;
    let (answer, mut body) = sender
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    let sending = tokio::spawn(async move {
        let mut left = length;
        while left > 0 {
            body.reserve_capacity(left.min(PIECE));
            let Some(Ok(room)) = std::future::poll_fn(|context| body.poll_capacity(context)).await
            else {
                return;
            };
            let some = room.min(left);
            left -= some;
            if body
                .send_data(Bytes::from(vec![b'x'; some]), left == 0)
                .is_err()
            {
                return;
            }
        }
    });
    let answer = within("an answer", answer).await.unwrap();
    sending.abort();
    answer.status().as_u16()
}

fn head(fields: &str) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n")
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

//! Clients that vanish: the hub gets no complete request, and its connection soon ends.

use super::frames::{
    DATA, END_HEADERS, END_STREAM, Frames, GET, HEADERS, RST_STREAM, block, frame,
};
use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn an_upload_of_a_vanished_client_is_never_whole() {
    for fields in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let (hub, gate) = start().await;
        let mut client = gate.tls().raw().await;
        let head = format!("POST /upload HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n");
        client.send(format!("{head}5\r\nhello\r\n")).await;
        part_of_the_request_arrived(&hub, "/upload").await;
        drop(client);
        is_left(&hub).await;
        assert!(!hub.received("/upload").unwrap().complete, "{fields}");
    }
}

#[tokio::test]
async fn an_upload_of_a_client_that_only_stops_writing_is_never_whole() {
    for fields in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let (hub, gate) = start().await;
        let mut client = gate.tls().raw().await;
        let head = format!("POST /upload HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n");
        client.send(format!("{head}5\r\nhello\r\n")).await;
        part_of_the_request_arrived(&hub, "/upload").await;
        client.finish().await;
        is_left(&hub).await;
        assert!(!hub.received("/upload").unwrap().complete, "{fields}");
    }
}

#[tokio::test]
async fn an_aborted_http2_upload_is_never_whole() {
    for reset in [true, false] {
        let (hub, gate) = start().await;
        let mut client = Frames::open(&gate).await;
        let mut post = GET;
        post[0].1 = "POST";
        client
            .send(&frame(HEADERS, END_HEADERS, 1, &block(&post)))
            .await;
        client.send(&frame(DATA, 0, 1, b"hello")).await;
        part_of_the_request_arrived(&hub, "/case").await;
        if reset {
            client
                .send(&frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()))
                .await;
        } else {
            drop(client);
        }
        is_left(&hub).await;
        assert!(!hub.received("/case").unwrap().complete);
    }
}

#[tokio::test]
async fn a_stream_of_a_vanished_client_is_closed() {
    let (hub, gate) = start().await;
    for (number, target) in ["/rest/events", "/mjpeg", "/slow"].into_iter().enumerate() {
        let mut client = gate.tls().raw().await;
        client
            .send(format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n"))
            .await;
        hub.request(target).await;
        drop(client);
        let what = format!("the hub is left by the reader of {target}");
        eventually(DEADLINE, &what, async || {
            hub.tick("still there?");
            hub.disconnections() == number + 1
        })
        .await;
    }
}

#[tokio::test]
async fn an_aborted_http2_stream_is_closed() {
    for reset in [true, false] {
        let (hub, gate) = start().await;
        let mut client = Frames::open(&gate).await;
        let mut events = GET;
        events[3].1 = "/rest/events";
        let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&events));
        client.send(&request).await;
        hub.request("/rest/events").await;
        if reset {
            client
                .send(&frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()))
                .await;
        } else {
            drop(client);
        }
        is_left(&hub).await;
    }
}

async fn part_of_the_request_arrived(hub: &Hub, target: &str) {
    eventually(DEADLINE, "the hub gets a part of it", async || {
        hub.received(target)
            .is_some_and(|request| request.length > 0)
    })
    .await;
}

async fn is_left(hub: &Hub) {
    eventually(DEADLINE, "the hub is left", async || {
        hub.tick("still there?");
        hub.disconnections() == 1
    })
    .await;
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

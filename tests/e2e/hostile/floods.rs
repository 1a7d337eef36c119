//! HTTP/2 floods: hubgate cuts them and serves all other clients.

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GET, HEADERS, NO_WINDOW, Outcome, PING,
    PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame, string,
};
use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually, within},
    hub::Hub,
};

#[tokio::test]
async fn frames_that_only_make_work_are_cut() {
    let (_hub, gate) = start().await;
    for flood in [
        frame(PING, 0, 0, &[0; 8]),
        frame(SETTINGS, 0, 0, b""),
        frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]),
        frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]),
        frame(0xbe, 0, 0, b"unknown"),
    ] {
        let client = Frames::open(&gate).await;
        client.flood(|_| flood.repeat(10)).await;
        serves(&gate).await;
    }
}

#[tokio::test]
async fn useless_window_updates_are_cut() {
    let (hub, gate) = start().await;
    let request = block(&[&GET[..3], &[(":path", "/hang")]].concat());
    for stream in [0, 1] {
        let mut client = Frames::open(&gate).await;
        client
            .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &request))
            .await;
        hub.request("/hang").await;
        let window = frame(WINDOW_UPDATE, 0, stream, &1_u32.to_be_bytes());
        client.flood(|_| window.repeat(10)).await;
        serves(&gate).await;
    }
}

#[tokio::test]
async fn bodies_of_one_byte_a_frame_are_cut() {
    let (_hub, gate) = start().await;
    let post = block(&[&[(":method", "POST")], &GET[1..]].concat());
    let mut client = Frames::open(&gate).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, &post)).await;
    client.flood(|_| frame(DATA, 0, 1, b"x").repeat(10)).await;
    serves(&gate).await;
}

#[tokio::test]
async fn responses_that_are_read_byte_by_byte_are_cut() {
    let (_hub, gate) = start().await;
    let large = block(&[&GET[..3], &[(":path", "/large")]].concat());
    let mut client = Frames::open_with(&gate.tls(), NO_WINDOW).await;
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &large))
        .await;
    client
        .flood(|_| frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes()))
        .await;
    serves(&gate).await;
}

#[tokio::test]
async fn a_client_that_grants_a_window_for_each_frame_gets_a_large_answer() {
    let (_hub, gate) = start().await;
    let large = block(&[&GET[..3], &[(":path", "/large")]].concat());
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &large))
        .await;
    let mut taken = 0;
    while taken < 31_000_000 {
        let Some((kind, _, payload)) = within("more", client.next()).await else {
            panic!("cut after {taken} bytes");
        };
        if kind != DATA || payload.is_empty() {
            continue;
        }
        taken += payload.len();
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let windows = [0, 1].map(|stream| frame(WINDOW_UPDATE, 0, stream, &length));
        client.send(&windows.concat()).await;
    }
}

#[tokio::test]
async fn an_upload_in_small_frames_is_taken() {
    let (hub, gate) = start().await;
    let post = block(&[&[(":method", "POST")], &GET[1..]].concat());
    let mut client = Frames::open(&gate).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, &post)).await;
    let piece = frame(DATA, 0, 1, &[b'x'; 150]).repeat(20);
    // Of the connection and of stream 1 (RFC 9113, section 6.9.2).
    let mut windows = [65_535_u32; 2];
    for _ in 0..200 {
        while windows.iter().any(|window| *window < 3_000) {
            let next = within("a window", client.next()).await;
            let (kind, stream, payload) = next.unwrap();
            if kind == WINDOW_UPDATE {
                let granted = u32::from_be_bytes(payload.try_into().unwrap());
                windows[stream as usize] += granted;
            }
        }
        client.send(&piece).await;
        windows = windows.map(|window| window - 3_000);
    }
    client.send(&frame(DATA, END_STREAM, 1, b"")).await;
    assert_eq!(client.fate().await, Outcome::Answered);
    assert_eq!(hub.request("/case").await.length, 600_000);
}

#[tokio::test]
async fn rapid_resets_are_cut() {
    let (hub, gate) = start().await;
    let fields = block(&GET);
    let client = Frames::open(&gate).await;
    client
        .flood(|number| {
            let stream = 2 * number + 1;
            let request = frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
            [request, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        })
        .await;
    serves(&gate).await;
    assert!(hub.requests().len() < 2_000, "{}", hub.requests().len());
}

#[tokio::test]
async fn resets_provoked_from_hubgate_are_cut() {
    let (_hub, gate) = start().await;
    let fields = block(&GET);
    let client = Frames::open(&gate).await;
    client
        .flood(|number| {
            let stream = 2 * number + 1;
            let request = frame(HEADERS, END_HEADERS, stream, &fields);
            [
                request,
                frame(WINDOW_UPDATE, 0, stream, &0_u32.to_be_bytes()),
            ]
            .concat()
        })
        .await;
    serves(&gate).await;
}

#[tokio::test]
async fn endless_header_blocks_are_cut() {
    let (hub, gate) = start().await;
    for piece in [
        Vec::new(),
        vec![0],
        block(&[("x", "y")]),
        block(&[("x", &"y".repeat(4_000))]),
    ] {
        let mut client = Frames::open(&gate).await;
        client
            .send(&frame(HEADERS, END_STREAM, 1, &block(&GET)))
            .await;
        client.flood(|_| frame(CONTINUATION, 0, 1, &piece)).await;
        serves(&gate).await;
    }
    assert!(hub.received("/case").is_none());
}

#[tokio::test]
async fn empty_bodies_without_end_are_cut() {
    let (_hub, gate) = start().await;
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &block(&GET)))
        .await;
    client.flood(|_| frame(DATA, 0, 1, b"").repeat(10)).await;
    serves(&gate).await;
}

#[tokio::test]
async fn a_small_block_that_unpacks_to_a_large_one_is_refused() {
    let (hub, gate) = start().await;
    // One entry of nearly 4 KiB in the dynamic table, named again and again.
    let mut bomb = block(&GET);
    bomb.push(0x40);
    bomb.extend(string(b"x"));
    bomb.extend(string(&[b'y'; 4_000]));
    bomb.extend([0xbe; 10_000]);
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb))
        .await;
    assert_ne!(client.fate().await, Outcome::Answered);
    assert!(hub.requests().is_empty());
    serves(&gate).await;
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_and_the_others_served() {
    let (hub, gate) = start().await;
    let mut waiting = GET;
    waiting[3].1 = "/slow";
    let mut client = Frames::open(&gate).await;
    for number in 1..=300 {
        let stream = 2 * number + 1;
        client
            .send(&frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                stream,
                &block(&waiting),
            ))
            .await;
    }
    client
        .send(&frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            701,
            &block(&waiting),
        ))
        .await;
    hub.request("/slow").await;
    serves(&gate).await;
    assert!(hub.requests().len() <= 130, "{}", hub.requests().len());
}

#[tokio::test]
async fn a_browser_that_leaves_pages_is_not_cut() {
    let (hub, gate) = start().await;
    let mut client = Frames::open(&gate).await;
    let request = block(&[&GET[..3], &[(":path", "/slow")]].concat());
    for page in 0..3 {
        let streams = (0..100).map(|number| page * 200 + number * 2 + 1);
        for stream in streams.clone() {
            client
                .send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &request))
                .await;
        }
        let received = (page as usize + 1) * 100;
        eventually(DEADLINE, "the hub gets the page's requests", async || {
            hub.requests().len() == received
        })
        .await;
        for stream in streams {
            client
                .send(&frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()))
                .await;
        }
    }
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 601, &block(&GET)))
        .await;
    assert_eq!(client.fate_of(601).await, Outcome::Answered);
}

async fn serves(gate: &Hubgate) {
    assert_eq!(gate.tls().http2().await.get("/plain").await.text(), "plain");
    assert!(!gate.printed().contains("panicked"));
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

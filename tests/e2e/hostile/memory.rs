//! The memory that clients can make hubgate hold: bounded for each connection and in all.

use std::time::{Duration, Instant};

use http::Method;

use super::frames::{
    DATA, END_HEADERS, END_STREAM, Frames, GET, GOAWAY, HEADERS, NO_WINDOW, Outcome, RST_STREAM,
    block, frame, string,
};
use crate::{
    harness::{ANNA, Client, DEADLINE, HTPASSWD, Hubgate, Setup, eventually, within},
    hub::Hub,
};

const CONNECTIONS: usize = 40;
/// Bytes that a connection may occupy: what is counted, and what TLS and its streams need beside
/// it.
const EACH: usize = 320 * 1024;
/// Those of one with as many streams of small heads as it may have.
const EACH_OF_SMALL: usize = 320 * 1024;
/// Streams of a connection at a time.
const STREAMS: u32 = 100;
const REFUSED_STREAM: [u8; 4] = 7_u32.to_be_bytes();

#[tokio::test]
async fn heads_of_many_fields_are_not_kept_for_a_client_without_window() {
    let (_hub, gate) = start(|setup| setup).await;
    let fields = [block(&GET), block(&[("a", "b")]).repeat(1_900)].concat();
    let held = held_by(&gate, &fields).await;
    assert!(held < CONNECTIONS * EACH, "{held} bytes");
}

#[tokio::test]
async fn heads_of_the_most_fields_are_not_kept_for_a_client_without_window() {
    let (_hub, gate) = start(with_password).await;
    // A field that enters the table of compression is then named by one byte.
    let mut first = block(&GET);
    first.push(0x40);
    first.extend(string(b"a"));
    first.extend(string(b"b"));
    first.extend([0xbe; 120]);
    let held = held_by(&gate, &first).await;
    assert!(held < CONNECTIONS * EACH, "{held} bytes");
}

#[tokio::test]
async fn streams_of_small_heads_hold_little_for_a_client_without_window() {
    let (_hub, gate) = start(with_password).await;
    let held = held_by(&gate, &block(&GET)).await;
    assert!(held < CONNECTIONS * EACH_OF_SMALL, "{held} bytes");
}

#[tokio::test]
async fn pages_that_quote_a_request_are_not_kept_for_a_client_without_window() {
    let (_hub, gate) = start(with_password).await;
    for (name, value) in [(":authority", "other.test"), (":path", "/%zz")] {
        let fields = GET.map(|field| {
            if field.0 == name {
                (name, value)
            } else {
                field
            }
        });
        let held = held_by(&gate, &block(&fields)).await;
        assert!(held < CONNECTIONS * EACH_OF_SMALL, "{name}: {held} bytes");
    }
}

#[tokio::test]
async fn as_many_uploads_as_a_connection_may_have_reach_a_slow_hub() {
    let (hub, gate) = start(|setup| setup).await;
    let token = "t".repeat(600);
    let fields = [
        (":path", "/hang"),
        (":method", "POST"),
        ("x-openhab-token", &token),
    ];
    let fields = block(&[&GET[1..3], &fields].concat());
    let mut client = Frames::open(&gate).await;
    for number in 0..STREAMS {
        let stream = 2 * number + 1;
        client
            .send(&frame(HEADERS, END_HEADERS, stream, &fields))
            .await;
        client.send(&frame(DATA, END_STREAM, stream, b"ON")).await;
    }
    eventually(DEADLINE, "the hub has all requests", async || {
        hub.requests().len() == STREAMS as usize
    })
    .await;
}

#[tokio::test]
async fn streams_that_do_not_fit_wait_until_others_need_less() {
    const REQUESTS: u32 = 80;
    let (hub, gate) = start(|setup| setup).await;
    // A head needs most until it is judged: some 11 KiB with a hundred fields.
    let fields = [&GET[..3], &[(":path", "/slow")], &[("x", "y"); 100]].concat();
    let fields = block(&fields);
    let mut client = Frames::open(&gate).await;
    let heads = (0..REQUESTS).map(|number| frame(HEADERS, 5, 2 * number + 1, &fields));
    client.send(&heads.collect::<Vec<_>>().concat()).await;
    let (mut answered, mut reset) = (0, 0);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    while answered + reset < REQUESTS {
        let mut next = Box::pin(within("a frame", client.next()));
        let frame = loop {
            tokio::select! {
                frame = &mut next => break frame,
                _ = ticks.tick() => hub.tick("on"),
            }
        };
        match frame {
            Some((HEADERS, ..)) => answered += 1,
            Some((RST_STREAM, ..)) => reset += 1,
            Some(_) => {}
            None => break,
        }
    }
    assert_eq!((answered, reset), (REQUESTS, 0));
}

#[tokio::test]
async fn streams_of_small_heads_are_bounded_in_all() {
    let (_hub, gate) = start(|setup| with_password(setup).top("limits: {memory: 4MiB}")).await;
    let held = held_by(&gate, &block(&GET)).await;
    assert!(held < 16 << 20, "{held} bytes");
}

#[tokio::test]
async fn connections_without_requests_are_bounded_in_total() {
    let (_hub, gate) =
        start(|setup| setup.top("limits: {memory: 1MiB, connections_per_address: 1000}")).await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        let silent = Client::clear(gate.http()).from("127.0.0.2");
        idle.push(silent.raw().await);
    }
    serves(&gate).await;
    let mut cut = 0;
    for mut client in idle {
        let ended = tokio::time::timeout(Duration::from_millis(20), client.end());
        cut += usize::from(ended.await.is_ok());
    }
    assert!(cut >= 50, "{cut} connections were cut");
}

#[tokio::test]
async fn a_client_hello_without_end_is_not_kept() {
    let (_hub, gate) = start(|setup| setup.top("limits: {header_time: 10m}")).await;
    let record = |payload: &[u8]| {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [&[22, 3, 1][..], &length, payload].concat()
    };
    let mut hello = vec![1, 0, 0xf0, 0];
    hello.extend([0; 16_000]);
    let mut client = Client::clear(gate.https()).raw().await;
    client.send(record(&hello)).await;
    client.send(record(&[0; 1_000])).await;
    client.end().await;
    serves(&gate).await;
}

#[tokio::test]
async fn heads_that_wait_for_the_hub_fit_into_a_connection_or_are_refused() {
    let (hub, gate) = start(|setup| setup).await;
    let large = "y".repeat(7_000);
    let fields = block(&[&GET[..3], &[(":path", "/hang"), ("x", &large)]].concat());
    let mut client = Frames::open(&gate).await;
    for number in 0..120 {
        client
            .send(&frame(HEADERS, 5, 2 * number + 1, &fields))
            .await;
    }
    let refused = within("a stream is refused", async {
        while let Some((kind, _, payload)) = client.next().await {
            if kind == RST_STREAM {
                return payload;
            }
        }
        Vec::new()
    });
    assert_eq!(refused.await, REFUSED_STREAM);
    eventually(DEADLINE, "the hub gets the others", async || {
        hub.requests().len() >= 10
    })
    .await;
    assert!(hub.requests().len() < 45, "{}", hub.requests().len());
    serves(&gate).await;
}

#[tokio::test]
async fn a_local_response_that_gets_no_window_is_reset_and_its_connection_ends() {
    let (_hub, gate) = start(with_password).await;
    let begun = Instant::now();
    let mut client = Frames::open_with(&gate.tls(), NO_WINDOW).await;
    client.send(&frame(HEADERS, 5, 1, &block(&GET))).await;
    let (mut reset, mut goaway) = (false, false);
    while let Some((kind, _, _)) = within("the end", client.next()).await {
        reset |= kind == RST_STREAM;
        goaway |= kind == GOAWAY;
    }
    assert!(reset && goaway, "reset: {reset}, goaway: {goaway}");
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_a_response_is_cut_after_a_minute() {
    let (_hub, gate) = start(|setup| setup).await;
    let begun = Instant::now();
    let mut client = Frames::open_with(&gate.tls(), NO_WINDOW).await;
    let fields = block(&[&GET[..3], &[(":path", "/large")]].concat());
    client.send(&frame(HEADERS, 5, 1, &fields)).await;
    eventually(Duration::from_secs(70), "the connection ends", async || {
        let next = tokio::time::timeout(Duration::from_millis(100), client.next()).await;
        matches!(next, Ok(None))
    })
    .await;
    assert!(
        begun.elapsed() > Duration::from_secs(55),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn crumbs_of_a_cookie_count_as_one_field() {
    let (hub, gate) = start(|setup| setup).await;
    let crumbs: Vec<_> = (0..300).map(|number| format!("c{number}=1")).collect();
    let cookies: Vec<_> = crumbs.iter().map(|crumb| ("cookie", &crumb[..])).collect();
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(
            HEADERS,
            5,
            1,
            &block(&[&GET[..], &cookies].concat()),
        ))
        .await;
    assert_eq!(client.fate().await, Outcome::Answered);
    let received = hub.request("/case").await;
    assert_eq!(received.field("cookie"), Some(&crumbs.join("; ")[..]));

    let others = block(&[&GET[..], &[("x", "y"); 129]].concat());
    client.send(&frame(HEADERS, 5, 3, &others)).await;
    assert_ne!(client.fate_of(3).await, Outcome::Answered);
}

#[tokio::test]
async fn a_stalled_form_is_not_awaited() {
    let (_hub, gate) = start(|setup| {
        setup
            .site("access: {client_certificate: own}")
            .other_site("{hosts: [other.test], certificate: {chain: home.pem, key: home.key}, upstream: \"http://127.0.0.1:1\", access: public}")
            .top("limits: {header_time: 1s}")
    })
    .await;
    let mut client = Frames::open_with(&gate.tls().name("other.test"), b"").await;
    let fields = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "other.test"),
        (":path", "/.hubgate/enrol/AAAAAAAAAAAAAAAAAAAAAA"),
    ];
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &block(&fields)))
        .await;
    assert_eq!(client.fate().await, Outcome::Refused);
}

#[tokio::test]
async fn without_devices_the_path_of_forms_is_like_any_other() {
    let (hub, gate) = start(|setup| setup).await;
    let mut client = Frames::open(&gate).await;
    let fields = [
        (":method", "POST"),
        GET[1],
        GET[2],
        (":path", "/.hubgate/enrol/x"),
    ];
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &block(&fields)))
        .await;
    client.send(&frame(DATA, 0, 1, b"some")).await;
    hub.request("/.hubgate/enrol/x").await;
    client.send(&frame(DATA, END_STREAM, 1, b" body")).await;
    assert_eq!(client.fate().await, Outcome::Answered);
    assert_eq!(hub.request("/.hubgate/enrol/x").await.body, b"some body");
}

#[tokio::test]
async fn the_address_that_holds_most_memory_makes_room() {
    let (_hub, gate) = start(|setup| setup.top("limits: {memory: 1MiB}")).await;
    let mut other = gate.tls().raw().await;
    let half = "GET / HTTP/1.1\r\nHost: home.test\r\n";
    other.send(half).await;
    let mut greedy = Vec::new();
    for _ in 0..40 {
        let mut client = gate.tls().from("127.0.0.2").raw().await;
        client.send(half_a_head(60_000)).await;
        greedy.push(client);
    }
    assert_eq!(other.exchange("\r\n").await.status, 200);
    serves(&gate).await;
    let mut cut = 0;
    for mut client in greedy {
        let ended = tokio::time::timeout(Duration::from_millis(100), client.end());
        cut += usize::from(ended.await.is_ok());
    }
    assert!(cut >= 20, "{cut} connections were cut");
}

#[tokio::test]
async fn heads_in_progress_are_bounded_in_all() {
    let (_hub, gate) =
        start(|setup| setup.top("limits: {memory: 8MiB, connections_per_address: 2000}")).await;
    let before = gate.resident();
    let mut clients = Vec::new();
    for _ in 0..1_200 {
        let mut client = Client::clear(gate.http()).raw().await;
        client.send(half_a_head(60_000)).await;
        clients.push(client);
    }
    serves(&gate).await;
    let held = gate.resident().saturating_sub(before);
    // Memory that the allocator keeps of cut connections counts too: without a bound, 85 MB.
    assert!(held < 40 << 20, "{held} bytes");
}

#[tokio::test]
async fn the_head_of_a_request_is_not_held_once_it_is_answered() {
    let (_hub, gate) = start(|setup| setup.top("limits: {connections_per_address: 2000}")).await;
    serves(&gate).await;
    let before = gate.resident();
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = gate.tls().raw().await;
        let head = half_a_head(60_000).replace("home.test", "other.test");
        client
            .send(format!("{head}Connection: close\r\n\r\n"))
            .await;
        assert_eq!(client.receive().await.status, 421);
        clients.push(client);
    }
    let held = gate.resident().saturating_sub(before);
    assert!(held < 200 * 60_000, "{held} bytes");
}

/// Returns the bytes that hubgate occupies for clients that open all streams and read nothing.
async fn held_by(gate: &Hubgate, fields: &[u8]) -> usize {
    serves(gate).await;
    let before = gate.resident();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = Frames::open_with(&gate.tls(), NO_WINDOW).await;
        let again = again(fields);
        for number in 0..STREAMS {
            let block = if number == 0 { fields } else { &again };
            client.send(&frame(HEADERS, 5, 2 * number + 1, block)).await;
        }
        clients.push(client);
    }
    serves(gate).await;
    gate.resident().saturating_sub(before)
}

/// The same fields, as they are named once the table knows the field.
fn again(fields: &[u8]) -> Vec<u8> {
    match fields.ends_with(&[0xbe; 120]) {
        true => [block(&GET), vec![0xbe; 121]].concat(),
        false => fields.to_vec(),
    }
}

fn half_a_head(length: usize) -> String {
    let field = format!("X: {}\r\n", "x".repeat(1_000));
    let fields = field.repeat(length / field.len());
    format!("GET / HTTP/1.1\r\nHost: home.test\r\n{fields}")
}

fn with_password(setup: Setup) -> Setup {
    setup
        .file("users", HTPASSWD)
        .site("access: {password: users}")
}

async fn serves(gate: &Hubgate) {
    let answer = gate
        .tls()
        .http1()
        .await
        .exchange(Method::GET, "/plain", &[("authorization", ANNA)], "")
        .await;
    assert_eq!(answer.status, 200);
    assert!(!gate.printed().contains("panicked"));
}

async fn start(set_up: impl FnOnce(Setup) -> Setup) -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = set_up(Setup::home(&hub.url())).start().await;
    (hub, gate)
}

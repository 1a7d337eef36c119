//! Hubs that speak HTTP/2 (`upstream.http2`), to clients of HTTP/1 and HTTP/2.

mod faults;
pub mod grpc;
pub mod hub;

use bytes::Bytes;
use futures_util::future::join_all;
use h2::{Reason, RecvStream, SendStream, client::SendRequest};
use http::{HeaderMap, Method, Request, Response};

use self::hub::Http2Hub;
use crate::{
    harness::{Authority, DEADLINE, Hubgate, Setup, eventually, within},
    hub::{Hub, SecureHub},
};

const STREAMS: u32 = 100;

/// A client of HTTP/2.
#[derive(Clone)]
struct Http2Client(SendRequest<Bytes>);

/// The whole of a response.
struct CompleteResponse {
    status: u16,
    body: Vec<u8>,
    trailers: HeaderMap,
}

impl Http2Client {
    async fn open(gate: &Hubgate) -> Self {
        Self(gate.tls().h2().await)
    }

    async fn begin(
        &self,
        method: Method,
        target: &str,
        ended: bool,
    ) -> (h2::client::ResponseFuture, SendStream<Bytes>) {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://home.test{target}"))
            .header("te", "trailers")
            .body(())
            .unwrap();
        let mut sender = within("a stream", self.0.clone().ready()).await.unwrap();
        sender.send_request(request, ended).unwrap()
    }

    async fn get(&self, target: &str) -> Result<CompleteResponse, h2::Error> {
        let (answer, _) = self.begin(Method::GET, target, true).await;
        whole(within("an answer", answer).await?).await
    }

    async fn post(&self, target: &str, body: &'static str) -> Result<CompleteResponse, h2::Error> {
        let (answer, mut stream) = self.begin(Method::POST, target, false).await;
        stream.send_data(body.into(), true).unwrap();
        whole(within("an answer", answer).await?).await
    }
}

async fn whole(answer: Response<RecvStream>) -> Result<CompleteResponse, h2::Error> {
    let (head, mut stream) = answer.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = within("the body", stream.data()).await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len()).unwrap();
        body.extend_from_slice(&piece);
    }
    let trailers = within("the trailers", stream.trailers()).await?;
    Ok(CompleteResponse {
        status: head.status.as_u16(),
        body,
        trailers: trailers.unwrap_or_default(),
    })
}

async fn start() -> (Http2Hub, Hubgate) {
    let hub = Http2Hub::start(STREAMS).await;
    let gate = Setup::home(&hub.upstream("")).start().await;
    (hub, gate)
}

#[tokio::test]
async fn a_request_over_http2_has_host_cookies_and_te_as_one_head() {
    let (hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    let whole = two.post("/echo?q=1", "hello").await.unwrap();
    assert_eq!((whole.status, &whole.body[..]), (200, &b"hello"[..]));
    assert_eq!(whole.trailers["x-length"], "5");
    let received = hub.received("/echo").head;
    assert_eq!(received.uri.authority().unwrap().as_str(), "home.test");
    assert_eq!(received.uri.scheme_str(), Some("http"));
    assert_eq!(received.uri.query(), Some("q=1"));
    assert_eq!(received.headers["te"], "trailers");
    assert_eq!(received.headers["x-forwarded-proto"], "https");
    assert!(!received.headers.contains_key("host"));
}

#[tokio::test]
async fn a_client_of_http1_gets_the_body_in_chunks_and_the_trailers_it_takes() {
    let (hub, gate) = start().await;
    for (te, trailer) in [("TE: trailers\r\nConnection: TE\r\n", true), ("", false)] {
        let mut client = gate.tls().raw().await;
        let request =
            format!("POST /echo HTTP/1.1\r\nHost: home.test\r\n{te}Content-Length: 5\r\n\r\nhello");
        client.send(request).await;
        let end = if trailer {
            "x-length: 5\r\n\r\n"
        } else {
            "0\r\n\r\n"
        };
        let answer = client.until(end).await;
        assert!(
            answer
                .to_ascii_lowercase()
                .contains("transfer-encoding: chunked"),
            "{answer}"
        );
        assert!(answer.contains("5\r\nhello\r\n0\r\n"), "{answer}");
    }
    assert_eq!(hub.connections(), 1, "requests share a connection");
    assert!(
        !hub.received("/echo")
            .head
            .headers
            .contains_key("connection")
    );
}

#[tokio::test]
async fn a_chunked_upload_and_http_1_0_pass_to_a_hub_over_http2() {
    let (_hub, gate) = start().await;
    let mut client = gate.tls().raw().await;
    let request = "POST /echo HTTP/1.1\r\nHost: home.test\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(client.exchange(request).await.text(), "hello");
    let mut old = gate.tls().raw().await;
    let answer = old
        .exchange("GET /echo HTTP/1.0\r\nHost: home.test\r\n\r\n")
        .await;
    assert_eq!(
        (answer.status, answer.field("transfer-encoding")),
        (200, None)
    );
}

#[tokio::test]
async fn a_response_of_one_head_passes_with_its_fields() {
    let (_hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    let (answer, _) = two.begin(Method::GET, "/trailers-only", true).await;
    let answer = within("an answer", answer).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "5");
    assert!(answer.body().is_end_stream());
    let mut client = gate.tls().raw().await;
    let answer = client
        .exchange("GET /trailers-only HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    assert_eq!(answer.field("content-length"), Some("0"));
}

#[tokio::test]
async fn interim_responses_of_http2_reach_the_client() {
    let (_hub, gate) = start().await;
    let mut client = gate.tls().raw().await;
    let request = "GET /hints HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert_eq!(client.exchange(request).await.status, 103);
    assert_eq!(client.receive().await.status, 200);
}

#[tokio::test]
async fn a_reset_of_each_code_before_the_response_is_502() {
    let (hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    for code in 0..=13 {
        let target = format!("/reset/{code}");
        let whole = two.get(&target).await.unwrap();
        assert_eq!(whole.status, 502, "{target}");
        let times = if code == 7 { 2 } else { 1 };
        assert_eq!(hub.count(&target), times, "{target}");
    }
    assert_eq!(hub.connections(), 1, "a reset ends its stream alone");
    gate.line_with("its stream ends before it").await;
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_with_its_body_for_any_method() {
    let (hub, gate) = start().await;
    let whole = Http2Client::open(&gate)
        .await
        .post("/refuse-once", "hello")
        .await
        .unwrap();
    assert_eq!((whole.status, &whole.body[..]), (200, &b"hello"[..]));
    assert_eq!(hub.count("/refuse-once"), 2);
}

#[tokio::test]
async fn a_request_that_goaway_left_unprocessed_is_sent_on_another_connection() {
    let hub = Http2Hub::leaving(STREAMS, 1).await;
    let gate = Setup::home(&hub.upstream("")).start().await;
    let whole = Http2Client::open(&gate)
        .await
        .post("/echo", "hello")
        .await
        .unwrap();
    assert_eq!((whole.status, &whole.body[..]), (200, &b"hello"[..]));
    assert_eq!(
        (hub.connections(), hub.received("/echo").connection),
        (2, 2)
    );
    let stubborn = Http2Hub::leaving(STREAMS, 100).await;
    let gate = Setup::home(&stubborn.upstream("")).start().await;
    let whole = Http2Client::open(&gate)
        .await
        .post("/echo", "hello")
        .await
        .unwrap();
    assert_eq!((whole.status, stubborn.connections()), (502, 2));
}

#[tokio::test]
async fn an_early_response_reaches_a_client_that_is_still_sending() {
    let (_hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    let (answer, mut stream) = two.begin(Method::POST, "/early", false).await;
    stream.send_data("first".into(), false).unwrap();
    let answer = whole(within("an answer", answer).await.unwrap()).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (403, &b"no"[..]));
}

#[tokio::test]
async fn a_response_that_breaks_off_is_never_taken_for_a_whole_one() {
    let (_hub, gate) = start().await;
    for target in ["/half", "/short"] {
        let two = Http2Client::open(&gate).await;
        let cut = two.get(target).await;
        assert!(
            cut.is_err() || cut.is_ok_and(|whole| whole.status == 502),
            "{target}"
        );
        let mut client = gate.tls().raw().await;
        let request = format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
        let answer = client.exchange(request).await;
        assert!(!answer.complete || answer.status == 502, "{target}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_502() {
    let (_hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.get("/large-head").await.unwrap().status, 502);
    assert_eq!(two.get("/echo").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_stream() {
    let (hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    let (answer, stream) = two.begin(Method::GET, "/silent", true).await;
    eventually(DEADLINE, "the hub gets the request", async || {
        hub.count("/silent") == 1
    })
    .await;
    drop((answer, stream));
    assert_eq!(hub.reset("/silent").await, Reason::CANCEL);
    assert_eq!(two.get("/echo").await.unwrap().status, 200);
    assert_eq!(hub.connections(), 1);
}

#[tokio::test]
async fn streams_and_connections_keep_to_the_limits_of_the_hub() {
    let hub = Http2Hub::start(4).await;
    let gate = Setup::home(&hub.upstream(", connections: 2")).start().await;
    let two = Http2Client::open(&gate).await;
    let calls = (0..60).map(|_| two.post("/echo", "hello"));
    for whole in join_all(calls).await {
        assert_eq!(whole.unwrap().status, 200);
    }
    assert_eq!(hub.count("/echo"), 60, "none was refused");
    assert!(hub.connections() <= 2);
}

#[tokio::test]
async fn a_hub_that_does_not_speak_http2_is_502_with_its_cause() {
    let hub = Hub::start().await;
    let upstream = format!("{{servers: [\"{}\"], http2: true}}", hub.url());
    let gate = Setup::home(&upstream).start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.get("/").await.unwrap().status, 502);
    let line = gate.line_with("does not speak HTTP/2").await;
    assert!(line.contains("remove `http2`"), "{line}");
}

#[tokio::test]
async fn a_websocket_reaches_a_hub_with_http2_over_a_connection_of_http1() {
    let hub = Hub::start().await;
    let upstream = format!("{{servers: [\"{}\"], http2: true}}", hub.url());
    let gate = Setup::home(&upstream).start().await;
    let mut client = gate.tls().raw().await;
    let request = "GET /ws HTTP/1.1\r\nHost: home.test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.send(request).await;
    client.until("101 Switching Protocols\r\n").await;
}

#[tokio::test]
async fn a_hub_over_tls_that_does_not_agree_to_http2_is_502_with_its_cause() {
    let (hub, authority) = (Hub::start().await, Authority::new("hub root"));
    let secure = SecureHub::showing(&hub, authority.server(&["localhost"])).await;
    let upstream = secure.upstream("ca: hub-ca.pem, http2: true");
    let setup = Setup::home(&upstream.replace("127.0.0.1", "localhost"));
    let setup = setup.file("hub-ca.pem", &authority.pem());
    let gate = setup.start().await;
    assert_eq!(
        Http2Client::open(&gate)
            .await
            .get("/")
            .await
            .unwrap()
            .status,
        502
    );
    gate.line_with("does not agree to HTTP/2 over TLS (ALPN)")
        .await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_up_its_own_stream_only() {
    let (_hub, gate) = start().await;
    let slow = Http2Client::open(&gate).await;
    let (answer, mut stream) = slow.begin(Method::POST, "/echo", false).await;
    let answer = within("an answer", answer).await.unwrap();
    for _ in 0..20 {
        stream
            .send_data(vec![b'x'; 64 * 1024].into(), false)
            .unwrap();
    }
    let other = Http2Client::open(&gate).await;
    for _ in 0..20 {
        assert_eq!(other.post("/echo", "hello").await.unwrap().body, b"hello");
    }
    drop((answer, stream));
}

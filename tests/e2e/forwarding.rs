//! Messages through a proxy, by RFC 9110, 9112 and 9113.

use bytes::Bytes;
use http::{Request, Response};
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::{
    harness::{Hubgate, Port, RawConnection, Setup, Stream, within},
    hub::Hub,
};

const TRAILERS: &str = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
                        2\r\nok\r\n0\r\nX-Sum: 42\r\nContent-Length: 9\r\n\r\n";
const EMPTY_WITH_TRAILERS: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 42\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n\
                     HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn trailers_of_the_hub_reach_an_http2_client() {
    let (hub, gate) = start().await;
    for (script, body) in [(TRAILERS, "ok"), (EMPTY_WITH_TRAILERS, "")] {
        hub.set_response("/scripted", script, true);
        let mut two = Http2Client::open(&gate).await;
        let (_, mut answer) = two.get("/scripted").await;
        let mut received = Vec::new();
        while let Some(piece) = within("the body", answer.body_mut().data()).await {
            received.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(received, body.as_bytes());
        let trailers = within("the trailers", answer.body_mut().trailers()).await;
        let trailers = trailers.unwrap().expect("trailers");
        assert_eq!(trailers["x-sum"], "42");
        assert_eq!(trailers.len(), 1, "no framing in trailers: {trailers:?}");
    }
}

#[tokio::test]
async fn trailers_of_the_hub_reach_an_http1_client_in_its_chunks() {
    let (hub, gate) = start().await;
    hub.set_response("/scripted", TRAILERS, true);
    let mut client = gate.tls().raw().await;
    client.send(get("/scripted", "HTTP/1.1")).await;
    assert!(
        client
            .until("X-Sum: 42\r\n")
            .await
            .contains("2\r\nok\r\n0\r\n")
    );
}

#[tokio::test]
async fn early_hints_reach_an_http2_client() {
    let (hub, gate) = start().await;
    hub.set_response("/scripted", HINTS, true);
    let mut two = Http2Client::open(&gate).await;
    let (interim, answer) = two.get("/scripted").await;
    assert_eq!((interim.len(), answer.status().as_u16()), (1, 200));
    assert_eq!(interim[0].status().as_u16(), 103);
    assert_eq!(interim[0].headers()["link"], "</a.css>; rel=preload");
}

#[tokio::test]
async fn interim_answers_reach_http_1_1_and_never_http_1_0() {
    let (hub, gate) = start().await;
    for interim in ["HTTP/1.1 100 Continue\r\n\r\n", ""] {
        hub.set_response("/scripted", &format!("{interim}{HINTS}"), true);
        let mut old = gate.tls().raw().await;
        let answer = old.exchange(get("/scripted", "HTTP/1.0")).await;
        assert_eq!((answer.status, answer.text().as_ref()), (200, "ok"));
    }
    let mut new = gate.tls().raw().await;
    assert_eq!(new.exchange(get("/scripted", "HTTP/1.1")).await.status, 103);
    assert_eq!(new.receive().await.status, 200);
}

#[tokio::test]
async fn an_answer_without_a_body_has_one_framing() {
    let (hub, gate) = start().await;
    let unmodified = "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\
                      Content-Length: 5\r\n\r\n";
    hub.set_response("/scripted", unmodified, true);
    let mut client = gate.tls().raw().await;
    for _ in 0..2 {
        let answer = client.exchange(get("/scripted", "HTTP/1.1")).await;
        assert_eq!((answer.status, answer.field("content-length")), (304, None));
    }
}

#[tokio::test]
async fn a_chunked_answer_reaches_http_1_0_without_chunks() {
    let (hub, gate) = start().await;
    hub.set_response("/scripted", TRAILERS, true);
    for keep in ["", "Connection: keep-alive\r\n"] {
        let mut old = gate.tls().raw().await;
        let request = format!("GET /scripted HTTP/1.0\r\nHost: home.test\r\n{keep}\r\n");
        let answer = old.exchange(request).await;
        assert_eq!(answer.text(), "ok");
        assert_eq!(answer.field("transfer-encoding"), None);
        assert_eq!(answer.field("trailer"), None, "none can come");
    }
}

#[tokio::test]
async fn http_1_0_can_keep_its_connection() {
    let (_hub, gate) = start().await;
    let mut old = gate.tls().raw().await;
    for _ in 0..2 {
        let request = "GET /plain HTTP/1.0\r\nHost: home.test\r\nConnection: keep-alive\r\n\r\n";
        let answer = old.exchange(request).await;
        assert_eq!(answer.text(), "plain");
        assert_eq!(answer.field("connection"), Some("keep-alive"));
    }
}

#[tokio::test]
async fn every_answer_has_one_date_and_a_hub_keeps_its_own() {
    let (hub, gate) = start().await;
    let old = "Thu, 01 Jan 2015 00:00:00 GMT";
    let dated = format!("HTTP/1.1 200 OK\r\nDate: {old}\r\nContent-Length: 0\r\n\r\n");
    hub.set_response("/dated", &dated, true);
    for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
        for target in ["/plain", "/%zz"] {
            let answer = client.get(target).await;
            let date = answer.field("date").expect("a date");
            assert!(date.ends_with(" GMT") && date != old, "{target}: {date}");
        }
    }
    for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
        assert_eq!(client.get("/dated").await.field("date"), Some(old));
    }
}

#[tokio::test]
async fn options_of_the_server_itself_reach_the_hub() {
    let (hub, gate) = start().await;
    for target in ["*", "https://home.test"] {
        let mut client = gate.tls().raw().await;
        let request = format!("OPTIONS {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
        assert_eq!(client.exchange(request).await.status, 200, "{target}");
        assert_eq!(
            hub.requests().last().unwrap().head.first,
            "OPTIONS * HTTP/1.1"
        );
    }
    let mut client = gate.tls().raw().await;
    let refused = client.exchange(get("*", "HTTP/1.1")).await;
    assert_eq!(refused.status, 400, "only OPTIONS asks about the server");
}

#[tokio::test]
async fn options_of_the_server_itself_need_the_access_of_its_root() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let mut client = gate.tls().raw().await;
    let request = "OPTIONS * HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert_eq!(client.exchange(request).await.status, 401);
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_length_reaches_the_hub_as_a_plain_number() {
    let (hub, gate) = start().await;
    let mut client = gate.tls().raw().await;
    let request = "POST /upload HTTP/1.1\r\nHost: home.test\r\nContent-Length: 005\r\n\r\nhello";
    assert_eq!(client.exchange(request).await.status, 200);
    let received = hub.request("/upload").await;
    assert_eq!(
        (received.field("content-length"), &received.body[..]),
        (Some("5"), &b"hello"[..])
    );
}

#[tokio::test]
async fn credentials_for_a_proxy_never_reach_the_hub() {
    let (hub, gate) = start().await;
    let fields = [("proxy-authorization", "Basic YTpi")];
    for (target, client) in [
        ("/one", &mut gate.tls().http1().await),
        ("/two", &mut gate.tls().http2().await),
    ] {
        client
            .exchange(http::Method::GET, target, &fields, "")
            .await;
        assert_eq!(hub.request(target).await.field("proxy-authorization"), None);
    }
}

#[tokio::test]
async fn codings_that_do_not_end_with_chunked_are_400_and_unknown_ones_501() {
    let (hub, gate) = start().await;
    for (codings, status) in [
        ("chunked, gzip", 400),
        ("gzip", 400),
        ("chunked, chunked", 400),
        ("gzip, chunked", 501),
    ] {
        let mut client = gate.tls().raw().await;
        let request = format!(
            "POST / HTTP/1.1\r\nHost: home.test\r\nTransfer-Encoding: {codings}\r\n\r\n0\r\n\r\n"
        );
        assert_eq!(client.exchange(request).await.status, status, "{codings}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_chunked_upload_reaches_the_hub_without_extensions_and_trailers() {
    let (hub, gate) = start().await;
    let mut client = gate.tls().raw().await;
    let request = "POST /upload HTTP/1.1\r\nHost: home.test\r\nTrailer: X-Real-IP\r\n\
                   Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Real-IP: 10.0.0.1\r\n\r\n";
    assert_eq!(client.exchange(request).await.status, 200);
    assert_eq!(client.exchange(get("/after", "HTTP/1.1")).await.status, 200);
    let received = hub.request("/upload").await;
    assert_eq!(
        (&received.body[..], received.field("trailer")),
        (&b"hello"[..], None)
    );
    assert_eq!(received.field("x-real-ip"), Some("127.0.0.1"));
}

#[tokio::test]
async fn an_upload_continues_after_its_response_has_begun() {
    let hub = Echo::start().await;
    let gate = Setup::home(&hub.url).start().await;
    let mut client = gate.tls().raw().await;
    let head = "POST /echo HTTP/1.1\r\nHost: home.test\r\nContent-Length: 10\r\n\r\nfirst";
    client.send(head).await;
    client.until("first").await;
    client.send("later").await;
    client.until("later").await;
}

#[tokio::test]
async fn an_upload_over_the_limit_is_answered_whole_with_and_without_expect() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {body: 100KB}\nlog: {access: combined}")
        .start()
        .await;
    for expect in ["", "Expect: 100-continue\r\n"] {
        let mut client = gate.tls().raw().await;
        let request = format!(
            "POST /upload HTTP/1.1\r\nHost: home.test\r\n{expect}Transfer-Encoding: chunked\r\n\r\n"
        );
        client.send(request).await;
        if !expect.is_empty() {
            assert_eq!(client.receive().await.status, 100);
        }
        let chunk = format!("{:x}\r\n{}\r\n", 50_000, "x".repeat(50_000));
        for _ in 0..20 {
            client.send(&chunk).await;
        }
        let answer = client.receive().await;
        assert_eq!((answer.status, answer.complete), (413, true), "{expect}");
        assert_eq!(answer.field("connection"), Some("close"));
        gate.line_with("\" 413 ").await;
    }
}

/// A hub that sends each piece of a body back as it comes.
struct Echo {
    url: String,
    serving: tokio::task::JoinHandle<()>,
    _port: Port,
}

impl Echo {
    async fn start() -> Self {
        let port = Port::keep();
        let listener = TcpListener::bind(port.address()).await.unwrap();
        Self {
            url: format!("http://{}", port.address()),
            _port: port,
            serving: tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut sink = [0; 4096];
                let begun = stream.read(&mut sink).await.unwrap();
                assert!(begun > 0);
                let mut wire = RawConnection::over(Box::new(stream) as Box<dyn Stream>);
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
                    .await;
                wire.until("later").await;
                wire.send("later").await;
            }),
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An HTTP/2 client that hears interim answers and trailers.
struct Http2Client(h2::client::SendRequest<Bytes>);

impl Http2Client {
    async fn open(gate: &Hubgate) -> Self {
        Self(gate.tls().h2().await)
    }

    /// The interim answers to a GET, and the last one.
    async fn get(&mut self, target: &str) -> (Vec<Response<()>>, Response<h2::RecvStream>) {
        let request = Request::get(format!("https://home.test{target}"));
        let request = request.body(()).unwrap();
        let (mut answer, _) = self.0.send_request(request, true).unwrap();
        let mut interim = Vec::new();
        let next = std::future::poll_fn(|context| answer.poll_informational(context));
        if let Some(hint) = within("an answer", next).await {
            interim.push(hint.unwrap());
        }
        (interim, within("an answer", answer).await.unwrap())
    }
}

fn get(target: &str, version: &str) -> String {
    format!("GET {target} {version}\r\nHost: home.test\r\n\r\n")
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

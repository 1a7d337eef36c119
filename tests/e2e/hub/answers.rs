//! The hub's responses by path: valid, slow and malformed.
//!
//! After `/bye` it hangs up; after `/stale` it does so when the next request
//! has come, as a hub does that closes an idle connection at that moment.

use serde_json::json;
use tokio::{net::TcpStream, sync::broadcast};

use crate::harness::{Head, Wire};

type Hub = Wire<TcpStream>;
type Ticks = broadcast::Receiver<String>;

/// Responds to a complete request; none ends the connection.
pub(super) async fn answer(wire: &mut Hub, head: &Head, ticks: Ticks) -> Option<()> {
    let path = head.word(1).split('?').next()?;
    match path {
        "/chunked" => send(wire, CHUNKED).await,
        "/cookies" => send(wire, COOKIES).await,
        "/cors" => send(wire, CORS).await,
        "/gzipped" => send(wire, GZIPPED).await,
        "/events" | "/rest/events" | "/rest/sitemaps/events/1" => events(wire, ticks).await,
        "/mjpeg" => images(wire, ticks).await,
        "/slow" => slow(wire, ticks).await,
        "/large" => large(wire).await,
        "/hang" => hang(wire).await,
        "/bye" => last(wire, PLAIN).await,
        "/plain" | "/stale" => send(wire, PLAIN).await,
        _ => wrong_or_echo(wire, head, path).await,
    }
}

async fn wrong_or_echo(wire: &mut Hub, head: &Head, path: &str) -> Option<()> {
    match wrong(path) {
        Some(answer) => last(wire, &answer).await,
        None => echo(wire, head).await,
    }
}

/// A malformed response, after which the hub closes the connection.
fn wrong(path: &str) -> Option<Vec<u8>> {
    let answer = match path {
        "/wrong/half-a-body" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "/wrong/half-a-head" => "HTTP/1.1 200 OK\r\nContent-Le",
        "/wrong/nothing" => "",
        "/wrong/garbage" => "\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n",
        "/wrong/truncated-chunks" => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
        }
        "/wrong/two-lengths" => {
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfour5"
        }
        "/wrong/negative-length" => "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "/wrong/length-in-words" => "HTTP/1.1 200 OK\r\nContent-Length: four\r\n\r\nfour",
        "/wrong/upgrade" => {
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: secret\r\n\r\n"
        }
        "/wrong/huge-head" => return Some(huge_head()),
        "/interim/100" => {
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        }
        "/interim/103" => {
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        }
        _ => return None,
    };
    Some(answer.as_bytes().to_vec())
}

async fn send(wire: &mut Hub, answer: impl AsRef<[u8]>) -> Option<()> {
    wire.write(answer.as_ref()).await.ok()
}

async fn last(wire: &mut Hub, answer: impl AsRef<[u8]>) -> Option<()> {
    send(wire, answer).await?;
    None
}

/// The request as JSON, for all other paths.
async fn echo(wire: &mut Hub, head: &Head) -> Option<()> {
    let echo = json!({"method": head.word(0), "target": head.word(1), "fields": head.fields});
    let mut echo = echo.to_string();
    let length = echo.len();
    if head.word(0) == "HEAD" {
        echo.clear();
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    send(
        wire,
        format!("{head}Content-Length: {length}\r\n\r\n{echo}"),
    )
    .await
}

/// Server-sent events: one for each tick, for ever.
async fn events(wire: &mut Hub, mut ticks: Ticks) -> Option<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    send(wire, format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await?;
    loop {
        let event = format!("data: {}\n\n", ticks.recv().await.ok()?);
        send(wire, format!("{:x}\r\n{event}\r\n", event.len())).await?;
    }
}

/// A camera: one part for each tick, without a declared end.
async fn images(wire: &mut Hub, mut ticks: Ticks) -> Option<()> {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    send(
        wire,
        format!("{head}Content-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"),
    )
    .await?;
    loop {
        let image = ticks.recv().await.ok()?;
        send(
            wire,
            format!("--b\r\nContent-Type: image/jpeg\r\n\r\n{image}\r\n"),
        )
        .await?;
    }
}

/// Answers after the next tick.
async fn slow(wire: &mut Hub, mut ticks: Ticks) -> Option<()> {
    ticks.recv().await.ok()?;
    send(wire, PLAIN).await
}

/// 30 MB and a little more.
async fn large(wire: &mut Hub) -> Option<()> {
    let length = LARGE.len() * 1_000;
    send(
        wire,
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"),
    )
    .await?;
    for _ in 0..1_000 {
        send(wire, &LARGE).await?;
    }
    Some(())
}

static LARGE: [u8; 31_000] = [b'x'; 31_000];

/// Never answers, and ends with the peer.
pub(super) async fn hang(wire: &mut Hub) -> Option<()> {
    while !wire.some(u64::MAX).await.ok()?.is_empty() {}
    None
}

/// A head above any limit: 1.6 MB.
fn huge_head() -> Vec<u8> {
    let field = format!("X-Huge: {}\r\n", "x".repeat(8_000));
    format!(
        "HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n",
        field.repeat(200)
    )
    .into_bytes()
}

const PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nplain";

pub(super) const REFUSING: &str =
    "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n\
                       4\r\none,\r\n4\r\ntwo,\r\n5\r\nthree\r\n0\r\n\r\n";

const COOKIES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\
                       Set-Cookie: X-OPENHAB-SESSIONID=node01a; Path=/; HttpOnly; SameSite=Strict\r\n\
                       Set-Cookie: CLOUD=a b=c; Expires=Thu, 01 Jan 2099 00:00:00 GMT\r\n\r\n";

/// Open to a page of the hub's own choice.
const CORS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVary: Accept\r\n\
                    Access-Control-Allow-Origin: https://hub.test\r\n\
                    access-control-allow-credentials: true\r\n\
                    Access-Control-Expose-Headers: *\r\n\r\n";

/// A response marked as compressed, which no proxy may decode.
const GZIPPED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/javascript\r\n\
                       Content-Encoding: gzip\r\nContent-Length: 6\r\nETag: \"abc\"\r\n\r\n\u{1f}gzip\u{8}";

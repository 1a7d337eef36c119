//! Clients under load: each sends requests in its own way and loses no response.

use http::Request;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{Client, Hubgate, Response, within};

/// Clients at work.
pub(super) struct Load {
    enough: CancellationToken,
    callers: Vec<JoinHandle<usize>>,
}

/// Clients of each kind.
const EACH: usize = 2;

impl Load {
    /// Sets clients to work on new connections, kept ones, and HTTP/2.
    pub(super) fn start(gate: &Hubgate) -> Self {
        let enough = CancellationToken::new();
        let mut callers = Vec::new();
        for _ in 0..EACH {
            callers.push(tokio::spawn(one_by_one(gate.tls(), enough.clone())));
            callers.push(tokio::spawn(on_kept_connections(
                gate.tls(),
                enough.clone(),
            )));
            callers.push(tokio::spawn(over_http2(gate.tls(), enough.clone())));
        }
        Self { enough, callers }
    }

    /// Ends the work.
    ///
    /// # Panics
    /// If a request was lost, or a client got no response.
    pub(super) async fn end(self) {
        self.enough.cancel();
        for caller in self.callers {
            let answers = caller.await.expect("no request is lost");
            assert!(answers > 0, "every caller is answered");
        }
    }
}

async fn one_by_one(caller: Client, enough: CancellationToken) -> usize {
    let mut answers = 0;
    while !enough.is_cancelled() {
        let mut client = caller.raw().await;
        is_right(&client.exchange(request("close")).await);
        answers += 1;
    }
    answers
}

async fn on_kept_connections(caller: Client, enough: CancellationToken) -> usize {
    let mut answers = 0;
    while !enough.is_cancelled() {
        let mut client = caller.raw().await;
        let mut open = true;
        while open && !enough.is_cancelled() {
            let answer = client.exchange(request("keep-alive")).await;
            is_right(&answer);
            answers += 1;
            open = answer.field("connection") != Some("close");
        }
    }
    answers
}

async fn over_http2(caller: Client, enough: CancellationToken) -> usize {
    let mut answers = 0;
    while !enough.is_cancelled() {
        answers += until_goaway(&caller, &enough).await;
    }
    answers
}

/// Sends requests on one connection until hubgate takes no more.
async fn until_goaway(caller: &Client, enough: &CancellationToken) -> usize {
    let stream = caller.stream(&["h2"]).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut answers = 0;
    while !enough.is_cancelled() {
        let Ok(ready) = sender.ready().await else {
            break;
        };
        sender = ready;
        let request = Request::get("https://home.test/plain").body(()).unwrap();
        let Ok((answer, _)) = sender.send_request(request, true) else {
            break;
        };
        match within("an answer", answer).await {
            Ok(answer) => assert_eq!(answer.status(), 200),
            // It was not begun (RFC 9113, section 6.8).
            Err(error) if error.is_go_away() => break,
            Err(error) => panic!("an answer is lost: {error}"),
        }
        answers += 1;
    }
    answers
}

fn is_right(answer: &Response) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "plain");
}

fn request(connection: &str) -> String {
    format!("GET /plain HTTP/1.1\r\nHost: home.test\r\nConnection: {connection}\r\n\r\n")
}

//! Hubs over TLS and on Unix sockets get the same requests as hubs over plain TCP.

use std::{any::Any, net::SocketAddr, path::Path};

use futures_util::future::join_all;
use http::Method;
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener},
    task::JoinHandle,
};

use crate::{
    harness::{Authority, Hubgate, Setup, Stream},
    hub::{Hub, SecureHub},
};

/// A hub behind a relay that speaks another transport, and hubgate in front of it.
struct Fixture {
    hub: Hub,
    gate: Hubgate,
    _relay: Box<dyn Any>,
}

/// A Unix socket that relays connections to a hub.
pub struct UnixRelay {
    task: JoinHandle<()>,
    folder: TempDir,
}

impl UnixRelay {
    /// Stands before the hub at an address.
    pub fn before(address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("hub.sock")).unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(join(stream, address));
            }
        });
        Self { task, folder }
    }

    /// The URL for `upstream:`.
    pub fn url(&self) -> String {
        format!("unix:{}", path(&self.folder.path().join("hub.sock")))
    }
}

impl Drop for UnixRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn over_tls() -> Fixture {
    let (hub, authority) = (Hub::start().await, Authority::new("hub root"));
    let secure = SecureHub::showing(&hub, authority.server(&["localhost"])).await;
    let upstream = secure.upstream("ca: hub-ca.pem");
    let setup = Setup::home(&upstream.replace("127.0.0.1", "localhost"));
    Fixture {
        hub,
        gate: setup.file("hub-ca.pem", &authority.pem()).start().await,
        _relay: Box::new(secure),
    }
}

async fn over_unix() -> Fixture {
    let hub = Hub::start().await;
    let relay = UnixRelay::before(hub.address());
    let gate = Setup::home(&relay.url()).start().await;
    Fixture {
        hub,
        gate,
        _relay: Box::new(relay),
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn join(mut stream: impl Stream, hub: SocketAddr) {
    let mut hub = TcpStream::connect(hub).await.unwrap();
    hub.set_nodelay(true).unwrap();
    let _ = copy_bidirectional(&mut stream, &mut hub).await;
}

#[tokio::test]
async fn requests_and_uploads_pass_in_every_version() {
    for fixture in [over_tls().await, over_unix().await] {
        let large = "x".repeat(300_000);
        for client in [
            &mut fixture.gate.tls().http1().await,
            &mut fixture.gate.tls().http2().await,
        ] {
            assert_eq!(client.get("/plain").await.text(), "plain");
            let answer = client.exchange(Method::POST, "/upload", &[], &large).await;
            assert_eq!(answer.status, 200);
            assert_eq!(fixture.hub.request("/upload").await.length, large.len());
            assert_eq!(client.get("/chunked").await.text(), "one,two,three");
            assert_eq!(client.get("/large").await.body.len(), 31_000_000);
        }
        let mut old = fixture.gate.tls().raw().await;
        let request = "GET /chunked HTTP/1.0\r\nHost: home.test\r\n\r\n";
        assert_eq!(old.exchange(request).await.text(), "one,two,three");
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    for fixture in [over_tls().await, over_unix().await] {
        for _ in 0..3 {
            let mut client = fixture.gate.tls().http1().await;
            assert_eq!(client.get("/plain").await.status, 200);
        }
        assert_eq!(fixture.hub.connections(), 1);
    }
}

#[tokio::test]
async fn many_requests_at_once_keep_their_answers() {
    for fixture in [over_tls().await, over_unix().await] {
        let ask = |number: usize| {
            let caller = fixture.gate.tls();
            async move {
                let target = format!("/echo/{number}");
                let answer = caller.http2().await.get(&target).await;
                assert!(answer.text().contains(&target), "{}", answer.text());
            }
        };
        join_all((0..20).map(ask)).await;
    }
}

#[tokio::test]
async fn an_early_response_to_an_upload_reaches_the_client() {
    for fixture in [over_tls().await, over_unix().await] {
        for client in [
            &mut fixture.gate.tls().http1().await,
            &mut fixture.gate.tls().http2().await,
        ] {
            let body = "x".repeat(200_000);
            let answer = client.exchange(Method::POST, "/refusing", &[], &body).await;
            assert_eq!((answer.status, answer.text().as_ref()), (403, "no"));
        }
    }
}

#[tokio::test]
async fn a_websocket_opens_and_echoes() {
    for fixture in [over_tls().await, over_unix().await] {
        let mut socket = fixture.gate.tls().websocket("/ws", &[]).await.unwrap();
        let large = "x".repeat(100_000);
        assert_eq!(socket.exchange(&large).await, large);
        socket.close().await;
    }
}

#[tokio::test]
async fn an_event_is_forwarded_at_once() {
    for fixture in [over_tls().await, over_unix().await] {
        let mut client = fixture.gate.tls().raw().await;
        let request = "GET /events HTTP/1.1\r\nHost: home.test\r\n\r\n";
        client.send(request).await;
        fixture.hub.request("/events").await;
        fixture.hub.tick("now");
        client.until("data: now").await;
    }
}

#[tokio::test]
async fn a_hub_that_dies_within_an_answer_is_not_passed_on_as_whole() {
    for fixture in [over_tls().await, over_unix().await] {
        for client in [
            &mut fixture.gate.tls().http1().await,
            &mut fixture.gate.tls().http2().await,
        ] {
            let answer = client.get("/wrong/half-a-body").await;
            assert!(!answer.complete, "{}", answer.text());
            assert_eq!(client_after(&fixture).await, 200);
        }
    }
}

async fn client_after(fixture: &Fixture) -> u16 {
    fixture.gate.tls().http1().await.get("/plain").await.status
}

//! Sends raw HTTP/1.1 requests and checks the client's response and the hub's request.

use crate::{
    harness::{Hubgate, RawConnection, Setup},
    hub::{Hub, Request},
};

/// A hubgate before a hub that records.
pub(super) struct Fixture {
    pub(super) hub: Hub,
    pub(super) gate: Hubgate,
}

/// Target and body of a request, as the hub should hear it.
pub(super) type ReceivedRequest<'a> = (&'a str, &'a str);

impl Fixture {
    /// Opens a site for every client, with short timeouts.
    pub(super) async fn open() -> Self {
        let hub = Hub::start().await;
        let gate = Setup::home(&hub.url())
            .top("limits: {header_time: 2s, idle: 2s}")
            .start()
            .await;
        Self { hub, gate }
    }

    /// The request is answered with an error and the connection closed; the hub hears of no
    /// whole request.
    pub(super) async fn refuses(&self, request: impl AsRef<[u8]>) -> u16 {
        let shown = String::from_utf8_lossy(request.as_ref()).into_owned();
        let before = self.whole().len();
        let mut client = self.gate.tls().raw().await;
        client.send(&request).await;
        let status = refusal(&mut client, &shown).await;
        assert_eq!(self.whole().len(), before, "{shown:?} reached the hub");
        status
    }

    /// The request is refused with this status.
    pub(super) async fn refuses_with(&self, status: u16, request: impl AsRef<[u8]>) {
        let shown = String::from_utf8_lossy(request.as_ref()).into_owned();
        assert_eq!(self.refuses(request).await, status, "{shown:?}");
    }

    /// The bytes reach the hub as exactly these requests, each of which is answered.
    pub(super) async fn forwards(&self, bytes: impl AsRef<[u8]>, meant: &[ReceivedRequest<'_>]) {
        let mut client = self.gate.tls().raw().await;
        self.forwards_on(&mut client, bytes, meant).await;
    }

    /// Like `forwards`; then the rest of the bytes is refused.
    pub(super) async fn forwards_then_refuses(
        &self,
        bytes: impl AsRef<[u8]>,
        meant: &[ReceivedRequest<'_>],
    ) {
        let shown = String::from_utf8_lossy(bytes.as_ref()).into_owned();
        let mut client = self.gate.tls().raw().await;
        self.forwards_on(&mut client, bytes, meant).await;
        let before = self.whole().len();
        refusal(&mut client, &shown).await;
        assert_eq!(self.whole().len(), before, "the rest of {shown:?}");
    }

    /// Everything so far left hubgate and the hub in step, and nothing came late.
    pub(super) async fn close(self) {
        let before = self.whole().len();
        for number in 1..=3 {
            let target = format!("/in-step/{number}");
            let request = format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
            self.forwards(request, &[(&target, "")]).await;
        }
        assert_eq!(self.whole().len(), before + 3);
        assert!(!self.gate.printed().contains("panicked"));
    }

    async fn forwards_on(
        &self,
        client: &mut RawConnection,
        bytes: impl AsRef<[u8]>,
        meant: &[ReceivedRequest<'_>],
    ) {
        let shown = String::from_utf8_lossy(bytes.as_ref()).into_owned();
        let before = self.whole().len();
        client.send(bytes).await;
        for _ in meant {
            assert_eq!(client.receive().await.status, 200, "{shown:?}");
        }
        let received = self.whole().split_off(before);
        let received: Vec<_> = received.iter().map(target_and_body).collect();
        let meant: Vec<_> = meant
            .iter()
            .map(|(t, b)| ((*t).into(), (*b).into()))
            .collect();
        assert_eq!(received, meant, "{shown:?}");
    }

    fn whole(&self) -> Vec<Request> {
        let mut requests = self.hub.requests();
        requests.retain(|request| request.complete);
        requests
    }
}

/// `POST /case` with these fields besides Host, and what follows the head.
pub(super) fn post(fields: &str, rest: &str) -> String {
    format!("POST /case HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n{rest}")
}

/// `GET /case` with these fields besides Host.
pub(super) fn get(fields: &str) -> String {
    format!("GET /case HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n")
}

/// The request to smuggle, hidden in a body.
pub(super) const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: home.test\r\n\r\n";

/// The status of the refusal that ends the connection; 0 when it just ends.
async fn refusal(client: &mut RawConnection, shown: &str) -> u16 {
    let head = client.head().await;
    let status = head.map_or(0, |head| head.word(1).parse().unwrap());
    assert!(matches!(status, 0 | 400..600), "{shown:?}: {status}");
    client.end().await;
    status
}

fn target_and_body(request: &Request) -> (String, String) {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    (request.target().to_owned(), body)
}

//! A stand-in hub that records what reaches it, byte for byte.
//!
//! It is written on raw TCP, so that it sees hubgate's exact bytes and can send responses that no
//! HTTP library would. `answers` maps paths to responses.

mod answers;
mod record;
mod secure;
#[cfg(test)]
mod tests;
mod websocket;

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use self::record::Record;
pub use self::{record::Request, secure::SecureHub};
use crate::harness::{DEADLINE, Framing, Head, Port, Wire, eventually};

/// A hub on a port of its own; its connections end with it.
pub struct Hub {
    port: Port,
    record: Record,
    serving: Option<JoinHandle<()>>,
}

impl Hub {
    /// Starts a hub.
    pub async fn start() -> Self {
        let mut hub = Self {
            port: Port::keep(),
            record: Record::default(),
            serving: None,
        };
        hub.start_again().await;
        hub
    }

    /// Starts the hub on the same port after [`Hub::stop`].
    pub async fn start_again(&mut self) {
        // A process that another test starts may hold a copy of the old socket for a moment.
        let mut listener = None;
        eventually(DEADLINE, "the port is free again", async || {
            listener = TcpListener::bind(self.port.address()).await.ok();
            listener.is_some()
        })
        .await;
        let listener = listener.unwrap();
        self.serving = Some(tokio::spawn(serve(listener, self.record.clone())));
    }

    /// Stops listening and cuts all connections.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    /// The hub's own address.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The URL for `upstream:`.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Sends the text to every open event stream and every waiting answer.
    pub fn tick(&self, text: &str) {
        self.record.tick(text);
    }

    /// Sends these bytes for the target from now on; then closes or keeps the connection.
    pub fn set_response(&self, target: &str, answer: &str, goes_on: bool) {
        self.record.script(target, answer, goes_on);
    }

    /// All requests so far, in the order of their heads.
    pub fn requests(&self) -> Vec<Request> {
        self.record.requests()
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.record.connections()
    }

    /// Returns the number of connections that the hub or hubgate has ended.
    pub fn disconnections(&self) -> usize {
        self.record.disconnections()
    }

    /// Waits for a request with this target and returns it as far as it has come.
    pub async fn request(&self, target: &str) -> Request {
        let what = format!("the hub gets a request for {target}");
        eventually(DEADLINE, &what, async || self.received(target).is_some()).await;
        self.received(target).unwrap()
    }

    /// The last request with this target.
    pub fn received(&self, target: &str) -> Option<Request> {
        let requests = self.record.requests();
        requests
            .into_iter()
            .rfind(|request| request.target() == target)
    }
}

async fn serve(listener: TcpListener, record: Record) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        record.connected();
        let record = record.clone();
        connections.spawn(async move {
            converse(stream, &record).await;
            record.disconnected();
        });
    }
}

/// Answers the requests of a connection until one of them is its last.
async fn converse(stream: TcpStream, record: &Record) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut wire = Wire::new(stream);
    loop {
        let head = wire.head().await.ok()??;
        if head.field("upgrade").is_some()
            && !matches!(head.word(1), "/plain" | "/slow" | "/scripted")
        {
            record.begin(head.clone());
            return websocket::echo(wire, &head).await;
        }
        exchange(&mut wire, &head, record).await?;
        if head.word(1) == "/stale" {
            let head = wire.head().await.ok()??;
            record.begin(head);
            return None;
        }
    }
}

/// One request; the answer comes when it is whole, or before its body on `/at-once`, and on
/// `/refusing`, where the body is never read.
async fn exchange(wire: &mut Wire<TcpStream>, head: &Head, record: &Record) -> Option<()> {
    let ticks = record.ticks();
    let number = record.begin(head.clone());
    if head.word(1) == "/refusing" {
        wire.write(answers::REFUSING.as_bytes()).await.ok()?;
        return answers::hang(wire).await;
    }
    if head.word(1) == "/at-once" {
        answers::answer(wire, head, ticks).await?;
        return record_body(wire, head, record, number).await;
    }
    if !head.values("expect").is_empty() {
        wire.write(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
    }
    record_body(wire, head, record, number).await?;
    match record.scripted(head.word(1)) {
        Some((answer, goes_on)) => {
            wire.write(answer.as_bytes()).await.ok()?;
            goes_on.then_some(())
        }
        None => answers::answer(wire, head, ticks).await,
    }
}

async fn record_body(
    wire: &mut Wire<TcpStream>,
    head: &Head,
    record: &Record,
    number: usize,
) -> Option<()> {
    let each = |bytes: &[u8]| record.append(number, bytes);
    wire.body(framing(head), each).await.ok()?;
    record.complete(number);
    Some(())
}

/// A request without a word about its body has none (RFC 9112, section 6.3).
fn framing(head: &Head) -> Framing {
    match head.framing() {
        Framing::Undeclared => Framing::Length(0),
        framing => framing,
    }
}

//! A hub that speaks HTTP/2; the path selects the response or fault.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    server::{self, SendResponse},
};
use http::{HeaderMap, HeaderValue, Request, Response, request::Parts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::harness::{DEADLINE, Port, Stream, eventually};

/// A hub that speaks HTTP/2 in the clear; it ends with the test.
pub struct Http2Hub {
    port: Port,
    record: Record,
    serving: JoinHandle<()>,
}

/// The connections and requests of a hub.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Received>>);

#[derive(Default)]
struct Received {
    connections: usize,
    requests: Vec<ReceivedRequest>,
    resets: Vec<(String, Reason)>,
    /// Bytes of `/stall` that came.
    stalled: usize,
}

/// A request as it reached the hub.
#[derive(Clone)]
pub struct ReceivedRequest {
    /// The number of its connection, from 1.
    pub connection: usize,
    /// Its head.
    pub head: Parts,
}

/// The empty SETTINGS of a server.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// GOAWAY with NO_ERROR: no stream was processed.
const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const HEADERS: u8 = 1;

impl Http2Hub {
    /// Starts a hub with this limit of streams per connection.
    pub async fn start(streams: u32) -> Self {
        Self::leaving(streams, 0).await
    }

    /// Like `start`, with GOAWAY on the first request of this number of connections.
    pub async fn leaving(streams: u32, connections: usize) -> Self {
        Self::saying(GOAWAY, streams, connections).await
    }

    /// Like `leaving`, with these frames.
    pub async fn saying(frames: &'static [u8], streams: u32, connections: usize) -> Self {
        let (port, record) = (Port::keep(), Record::default());
        let listener = TcpListener::bind(port.address()).await.unwrap();
        let serving = tokio::spawn(serve(
            listener,
            record.clone(),
            streams,
            (connections, frames),
        ));
        Self {
            port,
            record,
            serving,
        }
    }

    /// The value of `upstream`.
    pub fn upstream(&self, more: &str) -> String {
        let address = self.port.address();
        format!("{{servers: [\"http://{address}\"], http2: true{more}}}")
    }

    /// The last request with this path.
    pub fn received(&self, path: &str) -> ReceivedRequest {
        let seen = self.record.0.lock().unwrap();
        let mut requests = seen.requests.iter();
        let received = requests.rfind(|received| received.head.uri.path() == path);
        received.expect("a request for the path").clone()
    }

    /// Returns the number of requests for this path.
    pub fn count(&self, path: &str) -> usize {
        let seen = self.record.0.lock().unwrap();
        let requests = seen.requests.iter();
        requests
            .filter(|received| received.head.uri.path() == path)
            .count()
    }

    /// The address of the hub.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Returns the bytes of uploads to `/stall`, which are never read.
    pub fn stalled(&self) -> usize {
        self.record.0.lock().unwrap().stalled
    }

    /// Returns the number of opened connections.
    pub fn connections(&self) -> usize {
        self.record.0.lock().unwrap().connections
    }

    /// Waits until the stream of this path is reset, and returns why.
    pub async fn reset(&self, path: &str) -> Reason {
        let found = || {
            let seen = self.record.0.lock().unwrap();
            let mut resets = seen.resets.iter();
            resets.find(|(reset, _)| reset == path).map(|(_, why)| *why)
        };
        eventually(DEADLINE, "the stream is reset", async || found().is_some()).await;
        found().unwrap()
    }
}

impl Drop for Http2Hub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Record {
    fn connected(&self) -> usize {
        let mut seen = self.0.lock().unwrap();
        seen.connections += 1;
        seen.connections
    }

    /// Notes a request; returns how many came for its path.
    fn note(&self, connection: usize, head: &Parts) -> usize {
        let mut seen = self.0.lock().unwrap();
        let head = head.clone();
        seen.requests.push(ReceivedRequest { connection, head });
        let path = seen.requests.last().unwrap().head.uri.path();
        let requests = seen.requests.iter();
        requests
            .filter(|received| received.head.uri.path() == path)
            .count()
    }
}

async fn serve(
    listener: TcpListener,
    record: Record,
    streams: u32,
    (leaving, frames): (usize, &'static [u8]),
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let record = record.clone();
        connections.spawn(async move {
            // hubgate tries at its start whether the port is open.
            if !matches!(stream.peek(&mut [0]).await, Ok(1)) {
                return;
            }
            let number = record.connected();
            match number <= leaving {
                true => answer_with(stream, frames).await,
                false => speak(stream, record, number, streams).await,
            }
        });
    }
}

/// Answers the first request of a connection with these frames.
async fn answer_with(mut stream: TcpStream, frames: &[u8]) {
    stream.write_all(SETTINGS).await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            stream.write_all(frames).await.unwrap();
            // A connection that is closed with unread bytes may lose what was sent on it.
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
    }
}

/// Serves HTTP/2 on a connection.
pub async fn speak(stream: impl Stream + 'static, record: Record, number: usize, streams: u32) {
    let mut options = server::Builder::new();
    options
        .max_concurrent_streams(streams)
        .max_header_list_size(1 << 20);
    let mut connection = options.handshake::<_, Bytes>(stream).await.unwrap();
    let mut answers = JoinSet::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        match request.uri().path() {
            "/last" => connection.graceful_shutdown(),
            "/hang-up" => {
                let (head, _) = request.into_parts();
                record.note(number, &head);
                return;
            }
            _ => {}
        }
        answers.spawn(answer(request, respond, record.clone(), number));
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    record: Record,
    number: usize,
) {
    let (head, body) = request.into_parts();
    let times = record.note(number, &head);
    let path = head.uri.path().to_owned();
    let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let ok = Response::new(());
    match parts[..] {
        ["reset", code] => respond.send_reset(Reason::from(code.parse::<u32>().unwrap())),
        ["refuse-once"] if times == 1 => respond.send_reset(Reason::REFUSED_STREAM),
        ["early"] => {
            let refused = Response::builder().status(403).body(()).unwrap();
            let mut stream = respond.send_response(refused, false).unwrap();
            // `h2` resets the stream with NO_ERROR then, as the body was not read.
            stream.send_data("no".into(), true).unwrap();
        }
        ["half"] => {
            let mut stream = respond.send_response(ok, false).unwrap();
            stream.send_data("half".into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.send_reset(Reason::INTERNAL_ERROR);
        }
        ["short"] => {
            let head = Response::builder().header("content-length", 10);
            let head = head.body(()).unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            stream.send_data("short".into(), true).unwrap();
        }
        ["trailers-only"] => {
            let head = Response::builder().header("grpc-status", "5");
            respond.send_response(head.body(()).unwrap(), true).unwrap();
        }
        ["large-head"] => {
            let value = HeaderValue::from_bytes(&vec![b'x'; 300 * 1024]).unwrap();
            let head = Response::builder().header("x-large", value);
            respond.send_response(head.body(()).unwrap(), true).unwrap();
        }
        ["hints"] => {
            let hint = Response::builder().status(103).header("link", "</a.css>");
            respond.send_informational(hint.body(()).unwrap()).unwrap();
            respond.send_response(ok, true).unwrap();
        }
        ["silent"] => {
            let why = std::future::poll_fn(|context| respond.poll_reset(context)).await;
            let why = why.unwrap();
            record.0.lock().unwrap().resets.push((path, why));
        }
        [name, ..] => fault_or_echo(name, body, respond, record).await,
        [] => {}
    }
}

/// Answers with the fault of this name, or else with the body of the request.
async fn fault_or_echo(
    name: &str,
    mut body: RecvStream,
    mut respond: SendResponse<Bytes>,
    record: Record,
) {
    let ok = Response::new(());
    match name {
        "cut" => {
            let mut stream = respond.send_response(ok, false).unwrap();
            stream.send_data("half".into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.send_reset(Reason::NO_ERROR);
        }
        "cut-head" => {
            let mut stream = respond.send_response(ok, false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.send_reset(Reason::NO_ERROR);
        }
        "padded" => {
            let head = Response::builder().header("x-padded", " a ");
            respond.send_response(head.body(()).unwrap(), true).unwrap();
        }
        "padded-trailer" => {
            let mut stream = respond.send_response(ok, false).unwrap();
            stream.send_data("body".into(), false).unwrap();
            let value = HeaderValue::from_static("1\t");
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), value)]);
            stream.send_trailers(trailers).unwrap();
        }
        "stall" => {
            while let Some(Ok(piece)) = body.data().await {
                record.0.lock().unwrap().stalled += piece.len();
            }
        }
        _ => echo(&mut body, respond).await,
    }
}

/// Sends the body back as it comes, and its length as a trailer.
async fn echo(body: &mut RecvStream, mut respond: SendResponse<Bytes>) {
    let Ok(mut stream) = respond.send_response(Response::new(()), false) else {
        return;
    };
    let mut length = 0;
    while let Some(Ok(piece)) = body.data().await {
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
        if stream.send_data(piece, false).is_err() {
            return;
        }
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("x-length", length.into());
    stream.send_trailers(trailers).ok();
}

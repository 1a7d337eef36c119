//! An HTTP server for tests, which sends the bytes that a script returns.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// The reply to one request.
pub(crate) enum Reply {
    /// Sends these bytes and keeps the connection open.
    Keep(String),
    /// Sends these bytes and closes the connection.
    Close(String),
    /// Never replies.
    Hang,
}

/// Returns the reply to a request, from its number, which starts at 0, and its first line.
pub(crate) trait Script: Fn(usize, &str) -> Reply + Send + Sync + 'static {}

impl<F: Fn(usize, &str) -> Reply + Send + Sync + 'static> Script for F {}

/// A server on a free port of this machine.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    /// The head and body of each request.
    requests: Mutex<Vec<String>>,
}

impl Server {
    pub(crate) async fn start(script: impl Script) -> Self {
        Self::listen(None, script).await
    }

    pub(crate) async fn start_tls(tls: TlsAcceptor, script: impl Script) -> Self {
        Self::listen(Some(tls), script).await
    }

    async fn listen(tls: Option<TlsAcceptor>, script: impl Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(accept(listener, tls, Arc::clone(&seen), Arc::new(script)));
        Self {
            address,
            seen,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    seen: Arc<Seen>,
    script: Arc<impl Script>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(
            stream,
            tls.clone(),
            Arc::clone(&seen),
            script.clone(),
        ));
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    seen: Arc<Seen>,
    script: Arc<impl Script>,
) {
    match tls {
        None => converse(stream, &seen, &*script).await,
        Some(tls) => {
            // A client that does not trust the certificate closes the connection.
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, &seen, &*script).await;
            }
        }
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Seen, script: &impl Script) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let line = request.lines().next().unwrap().to_owned();
        let number = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        let (bytes, closes) = match script(number, &line) {
            Reply::Keep(bytes) => (bytes, false),
            Reply::Close(bytes) => (bytes, true),
            Reply::Hang => std::future::pending().await,
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() || closes {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut request = String::new();
    let mut length = 0;
    loop {
        let start = request.len();
        if stream.read_line(&mut request).await.ok()? == 0 {
            return None;
        }
        let line = request[start..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(request + &String::from_utf8(body).unwrap())
}

/// Returns a complete response; `head` is the status and further headers, without the last line
/// feed.
pub(crate) fn answer(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}")
}

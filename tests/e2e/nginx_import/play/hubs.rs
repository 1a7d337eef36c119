//! The hubs behind both proxies: they record requests by number.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A request as a hub got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReceivedRequest {
    /// Name of the hub.
    pub hub: &'static str,
    /// The method.
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// Fields by which a hub identifies a user, as `name: value` in lower case.
    pub identity: Vec<String>,
    /// The name in Host, without a port.
    pub host: String,
}

type Records = Arc<Mutex<HashMap<u64, ReceivedRequest>>>;

/// Both hubs.
pub(super) struct Hubs {
    /// The first one's address.
    pub hub: SocketAddr,
    /// The other one's.
    pub other: SocketAddr,
    records: Records,
}

impl Hubs {
    /// Starts both; they end with the process.
    pub(super) fn start() -> Self {
        let records = Records::default();
        Self {
            hub: serve("hub", records.clone()),
            other: serve("other", records.clone()),
            records,
        }
    }

    /// Removes and returns the record of a request.
    pub(super) fn take_received(&self, number: u64) -> Option<ReceivedRequest> {
        self.records.lock().unwrap().remove(&number)
    }
}

fn serve(hub: &'static str, records: Records) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let records = records.clone();
            thread::spawn(move || answer(hub, stream, &records));
        }
    });
    address
}

fn answer(hub: &'static str, mut stream: TcpStream, records: &Records) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let (mut identity, mut host) = (Vec::new(), String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            let name = name.to_ascii_lowercase();
            if super::requests::CLAIMS.contains(&name.as_str()) {
                identity.push(line.to_ascii_lowercase());
            }
            if name == "host" {
                value.trim().to_ascii_lowercase().clone_into(&mut host);
            }
        }
        note(hub, &first, (identity, without_port(&host)), records);
        let body = if first.starts_with("HEAD") { "" } else { "ok" };
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{body}").ok()?;
    }
}

fn note(
    hub: &'static str,
    first: &str,
    (identity, host): (Vec<String>, String),
    records: &Records,
) {
    let mut words = first.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let number = query
        .rsplit("n=")
        .next()
        .and_then(|number| number.parse().ok());
    let received = ReceivedRequest {
        hub,
        method: method.to_owned(),
        path: decoded(path),
        identity,
        host,
    };
    records
        .lock()
        .unwrap()
        .insert(number.unwrap_or(0), received);
}

fn without_port(host: &str) -> String {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.trim_end_matches('.').to_owned()
}

/// The path as a hub reads it.
pub(super) fn decoded(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned();
    let mut decoded = decoded;
    while decoded.contains("//") {
        decoded = decoded.replace("//", "/");
    }
    decoded
}

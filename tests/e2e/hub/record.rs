//! Record of a hub's requests, shared by its connections and the test.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::broadcast;

use crate::harness::Head;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request line and the header fields.
    pub head: Head,
    /// The body without its framing, as far as it has come; at most [`KEPT`] bytes.
    pub body: Vec<u8>,
    /// Received bytes of the body.
    pub length: usize,
    /// True if the body has ended.
    pub complete: bool,
}

/// The hub's memory; clones are the same memory.
#[derive(Clone)]
pub(super) struct Record {
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    disconnections: Arc<AtomicUsize>,
    ticks: broadcast::Sender<String>,
    scripts: Arc<Mutex<HashMap<String, Script>>>,
}

/// A scripted response; true if the connection continues after it.
type Script = (String, bool);

/// Stored bytes of a body.
const KEPT: usize = 64 * 1024;

impl Request {
    /// The request target, as it stood in the request line.
    pub fn target(&self) -> &str {
        self.head.word(1)
    }

    /// The only value of the header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// All values of the header field, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.head.values(name)
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            requests: Arc::default(),
            connections: Arc::default(),
            disconnections: Arc::default(),
            ticks: broadcast::Sender::new(16),
            scripts: Arc::default(),
        }
    }
}

impl Record {
    /// Stores the response to a target.
    pub(super) fn script(&self, target: &str, answer: &str, goes_on: bool) {
        let script = (answer.to_owned(), goes_on);
        self.scripts
            .lock()
            .unwrap()
            .insert(target.to_owned(), script);
    }

    /// Returns the scripted response to the target, if any.
    pub(super) fn scripted(&self, target: &str) -> Option<Script> {
        self.scripts.lock().unwrap().get(target).cloned()
    }

    /// Counts a connection.
    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of accepted connections.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Counts the end of a connection.
    pub(super) fn disconnected(&self) {
        self.disconnections.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of ended connections.
    pub(super) fn disconnections(&self) -> usize {
        self.disconnections.load(Ordering::Relaxed)
    }

    /// Notes a request and returns its number.
    pub(super) fn begin(&self, head: Head) -> usize {
        let mut requests = self.requests.lock().unwrap();
        requests.push(Request {
            head,
            body: Vec::new(),
            length: 0,
            complete: false,
        });
        requests.len() - 1
    }

    /// Notes more of the request's body.
    pub(super) fn append(&self, number: usize, bytes: &[u8]) {
        let request = &mut self.requests.lock().unwrap()[number];
        let room = KEPT - request.body.len();
        request
            .body
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        request.length += bytes.len();
    }

    /// Notes that the request has come to its end.
    pub(super) fn complete(&self, number: usize) {
        self.requests.lock().unwrap()[number].complete = true;
    }

    /// All requests so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Sends the text to whoever waits in [`Record::ticks`].
    pub(super) fn tick(&self, text: &str) {
        let _ = self.ticks.send(text.to_owned());
    }

    /// The ticks from now on.
    pub(super) fn ticks(&self) -> broadcast::Receiver<String> {
        self.ticks.subscribe()
    }
}

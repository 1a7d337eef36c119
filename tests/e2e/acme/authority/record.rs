//! Record of the client's requests, for tests.

use std::time::Instant;

use serde_json::Value;

use super::{Endpoint, directory::Place, jws};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// The requested endpoint.
    pub endpoint: Endpoint,
    /// The path of the URL.
    pub path: String,
    /// Time at which the body was complete.
    pub at: Instant,
    /// The payload of its JWS, unverified; null without one.
    pub payload: Value,
}

/// An order that was accepted.
#[derive(Clone, Debug)]
pub struct RecordedOrder {
    /// The identifiers.
    pub names: Vec<String>,
    /// The certificate it replaces (RFC 9773, section 5).
    pub replaces: Option<String>,
    /// The profile asked for.
    pub profile: Option<String>,
    /// Time of acceptance.
    pub at: Instant,
}

/// A validation that has ended.
#[derive(Clone, Debug)]
pub struct RecordedValidation {
    /// The identifier.
    pub name: String,
    /// The type of the challenge: `http-01`.
    pub challenge: &'static str,
    /// The error; none after success.
    pub error: Option<String>,
    /// Time of the end.
    pub at: Instant,
}

/// All of it, in order.
#[derive(Default)]
pub(super) struct Record {
    pub(super) requests: Vec<RecordedRequest>,
    pub(super) ordered: Vec<RecordedOrder>,
    pub(super) validated: Vec<RecordedValidation>,
}

impl Record {
    pub(super) fn record_request(&mut self, place: &Place, path: &str, body: &[u8]) {
        self.requests.push(RecordedRequest {
            endpoint: place.endpoint,
            path: path.to_owned(),
            at: Instant::now(),
            payload: jws::payload(body).unwrap_or_default(),
        });
    }
}

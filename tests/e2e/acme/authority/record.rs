//! What the client did, as tests ask for it.

use std::time::Instant;

use serde_json::Value;

use super::{Endpoint, directory::Place, jws};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What was asked.
    pub endpoint: Endpoint,
    /// The path of the URL.
    pub path: String,
    /// When its body was whole.
    pub at: Instant,
    /// The payload of its JWS, unverified; null without one.
    pub payload: Value,
}

/// An order that was accepted.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The identifiers.
    pub names: Vec<String>,
    /// The certificate it replaces (RFC 9773, section 5).
    pub replaces: Option<String>,
    /// The profile asked for.
    pub profile: Option<String>,
    /// When it was accepted.
    pub at: Instant,
}

/// A validation that has ended.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The identifier.
    pub name: String,
    /// The type of the challenge: `http-01`.
    pub challenge: &'static str,
    /// What was wrong; none after success.
    pub error: Option<String>,
    /// When it ended.
    pub at: Instant,
}

/// All of it, in order.
#[derive(Default)]
pub(super) struct Record {
    pub(super) heard: Vec<Heard>,
    pub(super) ordered: Vec<Ordered>,
    pub(super) validated: Vec<Validated>,
}

impl Record {
    pub(super) fn hear(&mut self, place: &Place, path: &str, body: &[u8]) {
        self.heard.push(Heard {
            endpoint: place.endpoint,
            path: path.to_owned(),
            at: Instant::now(),
            payload: jws::payload(body).unwrap_or_default(),
        });
    }
}

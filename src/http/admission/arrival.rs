//! A request at the gate.

use crate::http::{
    http1::request_head::Body,
    request::{Exchange, Request},
};

/// A request at the gate.
pub(super) struct Arrival<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) request: &'a Request<'a>,
    /// Framing of its body; if none, its Content-Length applies.
    pub(super) body: Option<Body>,
    /// The edition of files and configuration that the gate's decision uses.
    pub(super) edition: u64,
}

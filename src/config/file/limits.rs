//! The `limits` key, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// Sizes, counts and times at which a request is refused or a connection closed.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Maximum size of a request's body, such as `64MB` or `8KiB`; `off` for no limit.
    pub(crate) body: String,
    /// Maximum number of open connections.
    pub(crate) connections: usize,
    /// Maximum number of open connections from one address; an IPv6 /64 counts as one address.
    pub(crate) connections_per_address: usize,
    /// Time within which the TLS handshake, and the head of each request, must be complete.
    pub(crate) header_time: String,
    /// Time that a connection may be idle between requests.
    pub(crate) idle: String,
    /// Memory for request heads and buffers of all connections, at least `1MiB`. `auto` is a
    /// sixteenth of the machine's memory, or of the limit of a control group (`MemoryMax=`,
    /// `MemoryHigh=`), from 32 MiB to 512 MiB.
    pub(crate) memory: String,
    /// Time that a response or WebSocket may last without a byte in either direction.
    pub(crate) stream_idle: String,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: "64MB".into(),
            connections: 10_000,
            connections_per_address: 100,
            header_time: "10s".into(),
            idle: "75s".into(),
            memory: "auto".into(),
            stream_idle: "1h".into(),
        }
    }
}

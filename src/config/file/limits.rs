//! Where a request or connection is cut, as written: `limits`.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// Sizes, counts and times at which a request or connection is cut.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// A request's body: `64MB`, `8KiB`, or `off`.
    pub(crate) body: String,
    /// Open connections in all.
    pub(crate) connections: usize,
    /// Open connections of one address; an IPv6 /64 counts as one.
    pub(crate) connections_per_address: usize,
    /// For the TLS handshake and for each request's head to be complete.
    pub(crate) header_time: String,
    /// Between the requests of a connection.
    pub(crate) idle: String,
    /// For request heads and buffers of all connections: `auto` is a sixteenth of the machine's
    /// memory, or of what a control group leaves of it (`MemoryMax=`, `MemoryHigh=`), from 32 MiB to
    /// 512 MiB; or a size such as `64MiB`.
    pub(crate) memory: String,
    /// Without a byte either way in an answer or WebSocket under way.
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

//! HTTP/2 (RFC 9113): the `h2` crate frames it.

pub(crate) mod active_streams;
pub mod connection;
pub(crate) mod exchange;
pub(crate) mod stream;

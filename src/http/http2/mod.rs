//! HTTP/2 (RFC 9113), over the `h2` crate's frames.

pub(crate) mod active_streams;
pub mod connection;
pub(crate) mod exchange;
mod malformed;
pub(crate) mod stream;

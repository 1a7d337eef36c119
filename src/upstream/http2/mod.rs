//! HTTP/2 to servers (RFC 9113): few connections, each shared by many requests.
//!
//! `connections` finds room for a stream or opens a connection, `connection` is one of them, and
//! `stream` one request on it.

mod connection;
mod connections;
mod request;
mod stream;

pub(super) use self::connections::Connections;
pub use self::{
    request::Http2Request,
    stream::{Http2Answer, Http2Stream, is_unprocessed},
};

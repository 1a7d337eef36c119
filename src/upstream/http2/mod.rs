//! HTTP/2 to upstream servers (RFC 9113): few connections, which requests share.
//!
//! `connections` opens them and assigns streams to them, `connection` is one of them, and `stream`
//! one request on it.

mod connection;
mod connections;
mod request;
mod send_window;
mod stream;

pub(super) use self::connections::Connections;
pub use self::{
    request::Http2Request,
    stream::{Http2Answer, Http2Stream, is_unprocessed},
};

//! HTTP/1.0 and HTTP/1.1 (RFC 9112), read by a strict parser.

pub mod connection;
pub(crate) mod exchange;
pub mod request_head;
mod respond;

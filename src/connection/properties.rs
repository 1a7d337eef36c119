//! What comes before the first request is read as the specifications write it.

mod client_hello;
mod proxy_protocol;

pub use self::{client_hello::client_hello, proxy_protocol::proxy_protocol};

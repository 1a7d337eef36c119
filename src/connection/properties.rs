//! Properties of the parsers that run before the first request: they agree with the specification.

mod client_hello;
mod proxy_protocol;

pub use self::{client_hello::client_hello, proxy_protocol::proxy_protocol};

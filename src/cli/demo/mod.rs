//! What `hubgate demo` needs beyond the proxy itself.

pub mod hub;

//! A client's connection: its byte stream, its properties, and the memory that it occupies.
//!
//! HTTP reads from it without knowledge of how it was accepted.

pub mod chunked;
pub mod client_stream;
pub mod connection_info;
pub mod grant;
pub(crate) mod idle_timeout;
pub mod memory_budget;
pub mod signal;
pub mod socket;
pub(crate) mod write_timeout;

//! The bytes of a client's connection, the facts known of it, and the memory that it occupies.

pub mod chunked;
pub mod client_stream;
pub mod connection_info;
pub mod grant;
pub mod memory_budget;
pub mod signal;
pub mod socket;
pub(crate) mod write_timeout;

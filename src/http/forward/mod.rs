//! Forwarding: an admitted request goes to the upstream, and the response back to the client.

pub(crate) mod body_limit;
pub(crate) mod client;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod framing;
pub(crate) mod headers;
pub(crate) mod identity;
pub(crate) mod own_request;
pub(crate) mod request_body;
pub(crate) mod request_head;
pub(crate) mod response;
pub(crate) mod response_head;
mod upstream;

pub(crate) use self::headers::is_claim;
#[cfg(any(fuzzing, test))]
pub use self::response::properties::upstream_response;

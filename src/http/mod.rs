//! The life of a request: head, admission, upstream, response, line of the log.
//!
//! `http1` and `http2` read heads and bring every request to the one gate in `admission`.
//! `forward` passes on what is admitted, and `websocket` what switches protocols.

pub mod access_entry;
pub mod admission;
pub mod drain;
pub mod enrolment_link;
pub(crate) mod forward;
pub mod http1;
pub mod http2;
pub(crate) mod max_forwards;
mod openhab_cookie;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
pub mod proxy;
pub mod request;
pub mod response;
pub(crate) mod websocket;

//! A request from its head to its log line.
//!
//! `http1` and `http2` parse heads, `admission` judges every request, `forward` forwards an
//! admitted one, `websocket` tunnels after a 101, `response` makes local responses, and
//! `access_entry` logs.

pub mod access_entry;
pub mod admission;
pub mod drain;
pub mod enrolment_link;
pub(crate) mod forward;
pub mod health;
pub mod http1;
pub mod http2;
pub(crate) mod max_forwards;
mod openhab_cookie;
mod own_answer;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a panic reports a broken property")]
pub(crate) mod properties;
pub mod proxy;
pub mod request;
pub mod response;
pub(crate) mod websocket;

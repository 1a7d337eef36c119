//! Access control: one decision for every request, over HTTP/1.1, HTTP/2 and WebSockets.
//!
//! It follows the TLS handshake and precedes forwarding. The module returns verdicts only;
//! responses, log lines and counters are its caller's.

pub mod address_group;
pub mod basic;
pub mod evidence;
mod found_factors;
mod login;
pub mod network;
pub mod origin;
#[cfg(any(fuzzing, test))]
pub mod passkey;
pub mod password;
pub mod path;
pub mod policy;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a property that does not hold panics")]
pub(crate) mod properties;
pub mod rule;
pub mod session;
pub mod throttle;
pub mod verdict;

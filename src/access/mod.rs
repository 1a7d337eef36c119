//! Who may enter: one decision for every request, whatever its protocol.
//!
//! Comes after the handshake and before the hub. Everything here returns a
//! verdict; answering the client, logging and counting are the caller's.

pub mod address_group;
pub mod basic;
pub mod evidence;
pub mod factors;
mod login;
pub mod network;
pub mod origin;
pub mod password;
pub mod path;
pub mod policy;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
mod recent;
pub mod rule;
pub mod session;
mod sight;
pub mod throttle;
pub mod verdict;

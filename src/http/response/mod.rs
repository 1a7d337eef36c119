//! Local responses: those that hubgate makes itself.

pub mod local_response;
pub(crate) mod respond;
mod statuses;

//! Responses of hubgate's own.

pub(crate) mod failure;
pub mod local_response;
pub(crate) mod respond;
pub mod statuses;

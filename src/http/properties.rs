//! What holds for whatever clients and hubs send.

mod chunked;
pub(crate) mod house;
mod request_head;

pub use self::{chunked::chunked, request_head::request_head};
pub use super::{admission::enrolment_form, forward::hub_answer};

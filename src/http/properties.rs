//! Properties that hold for any bytes of a client or upstream.

mod chunked;
pub(crate) mod fixture;
mod request_head;

pub use self::{chunked::chunked, request_head::request_head};
pub use super::{admission::enrolment_form, forward::upstream_response};

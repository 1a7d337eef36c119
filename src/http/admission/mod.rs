//! Admission: each request is judged once, and again while it lasts.

pub mod cors;
pub mod enrolment;
pub(crate) mod gate;
pub mod grant;
pub mod sessions;

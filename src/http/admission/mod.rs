//! Admission: each request is judged once by `gate`, and again while it lasts by `reevaluation`.
//!
//! A judgement that admits returns an `Admitted` with what it has found; one that does not returns
//! the response.

mod access;
mod admitted;
mod arrival;
mod challenge;
pub mod cors;
mod enrolment;
mod gate;
mod https;
mod origin;
mod reevaluation;
pub mod sessions;
mod site;
mod size;

#[cfg(any(fuzzing, test))]
pub use self::enrolment::properties::enrolment_form;
pub(crate) use self::enrolment::{MOST_FORM, grow};
pub use self::{
    admitted::{Admitted, Refusal, Refused},
    enrolment::is_form,
};

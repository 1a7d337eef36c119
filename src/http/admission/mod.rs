//! Admission: `gate` decides on each request once, `reevaluation` again while it lasts.
//!
//! The gate returns an `Admitted` with its findings, or a `Refused` with the response.

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

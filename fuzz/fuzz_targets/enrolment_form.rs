//! The form that a device posts to an enrolment page.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::enrolment_form(bytes));

//! What is posted to the page of an invitation.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::enrolment_form(bytes));

//! The head of a request, on to the hub.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::request_head(bytes));

//! The head of a request, up to the upstream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::request_head(bytes));

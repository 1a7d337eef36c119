//! The response of an upstream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::upstream_response(bytes));

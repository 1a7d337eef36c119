//! A chunked body, received in pieces of any length.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::chunked(bytes));

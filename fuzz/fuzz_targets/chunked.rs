//! A chunked body, in any pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::chunked(bytes));

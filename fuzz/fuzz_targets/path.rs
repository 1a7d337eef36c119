//! The path of a request, as hubs read it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::path(bytes));

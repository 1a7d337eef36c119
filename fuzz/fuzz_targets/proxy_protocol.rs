//! The PROXY header of a trusted proxy.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::proxy_protocol(bytes));

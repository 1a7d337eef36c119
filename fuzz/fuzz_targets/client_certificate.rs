//! The certificate chain that a client presents.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::client_certificate(bytes));

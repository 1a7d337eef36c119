//! The ClientHello of a TLS connection.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::client_hello(bytes));

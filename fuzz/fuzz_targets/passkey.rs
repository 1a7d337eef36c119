//! Responses, keys and registers of passkeys.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::passkey(bytes));

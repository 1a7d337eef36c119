//! A password file, and the changes of its users.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::htpasswd(bytes));

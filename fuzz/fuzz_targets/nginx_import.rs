//! NGINX's configuration.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::nginx_import(bytes));

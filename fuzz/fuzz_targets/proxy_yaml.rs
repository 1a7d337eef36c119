//! The text of proxy.yaml.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hubgate::fuzzing::proxy_yaml(bytes));

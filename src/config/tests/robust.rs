//! No text makes `parse` panic.

use std::path::Path;

use proptest::prelude::{ProptestConfig, any, proptest};

use super::{EXAMPLE, site};
use crate::config::parse;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_parse_panic(text in any::<String>()) {
        let _ = parse(&text, Path::new("proxy.yaml")).map_err(|faults| faults.to_string());
    }

    #[test]
    fn no_change_of_the_example_makes_parse_panic(
        (at, cut) in (0..EXAMPLE.len(), 0..40_usize),
        put in "[-\\[\\]{}:,&*!|>'\"#%@`~?\n\t 0-9a-z]{0,12}",
    ) {
        let text = [&EXAMPLE[..at], &put, &EXAMPLE[(at + cut).min(EXAMPLE.len())..]].concat();
        let _ = parse(&text, Path::new("proxy.yaml")).map_err(|faults| faults.to_string());
    }

    #[test]
    fn no_value_makes_parse_panic(value in any::<String>(), key in 0..KEYS.len()) {
        let value = serde_json::to_string(&value).unwrap();
        let text = site(&KEYS[key].replace('@', &value));
        let _ = parse(&text, Path::new("proxy.yaml")).map_err(|faults| faults.to_string());
    }
}

/// Keys of a site with text that `resolve` parses.
const KEYS: &[&str] = &[
    "paths: [{path: @, access: public}]",
    "paths: [{path: /a, upstream: @}]",
    "headers: {X-A: @}",
    "headers: {@: a}",
    "hsts: {max_age: @}",
    "access: {networks: [@]}",
    "access: {client_certificate: @}",
];

//! Properties of all parsers of external input; a broken property panics.
//!
//! `scripts/fuzz` runs them under cargo-fuzz, and `cargo test` with the inputs in `fuzz/corpus`.
//! Other builds leave them out. Each property is in the module of its parser, because most are
//! private.

pub use crate::{
    access::properties::{htpasswd, passkey, path, proxy_yaml},
    acme::ca::properties::acme_answer,
    connection::properties::{client_hello, proxy_protocol},
    http::properties::{chunked, enrolment_form, request_head, upstream_response},
    nginx::properties::nginx_import,
    tls::properties::client_certificate,
};

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Defines a test for each property with its corpus.
    macro_rules! corpus_tests {
        ($($property:ident)*) => {
            const PROPERTIES: &[&str] = &[$(stringify!($property)),*];
            $(#[test]
            fn $property() {
                hold(stringify!($property), super::$property);
            })*
        };
    }

    corpus_tests! {
        acme_answer chunked client_certificate client_hello enrolment_form htpasswd nginx_import passkey
        path proxy_protocol proxy_yaml request_head upstream_response
    }

    fn hold(name: &str, property: fn(&[u8])) {
        let inputs = names(&format!("corpus/{name}"));
        assert!(!inputs.is_empty(), "the corpus of {name} is empty");
        for file in inputs {
            println!("{name}/{file}");
            property(&fs::read(fuzz(&format!("corpus/{name}/{file}"))).unwrap());
        }
    }

    #[test]
    fn each_fuzz_target_has_a_property() {
        let targets = names("fuzz_targets");
        let targets: Vec<_> = targets
            .iter()
            .map(|target| target.trim_end_matches(".rs"))
            .collect();
        assert_eq!(targets, PROPERTIES);
    }

    fn names(folder: &str) -> Vec<String> {
        let entries = fs::read_dir(fuzz(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn fuzz(path: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(path)
    }
}

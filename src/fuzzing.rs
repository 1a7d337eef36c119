//! What has to hold for whatever comes in: a property for each reader of it, which panics where
//! it does not.
//!
//! cargo-fuzz looks for bytes that break one (`scripts/fuzz`); `cargo test` tries those that are
//! kept in `fuzz/corpus`. In no other build: each property stands beside what it looks at, most
//! of which is private there.

pub use crate::{
    access::properties::{htpasswd, path, proxy_yaml},
    acme::authority::properties::acme_answer,
    connection::properties::{client_hello, proxy_protocol},
    http::properties::{chunked, enrolment_form, hub_answer, request_head},
    nginx::properties::nginx_import,
    tls::properties::client_certificate,
};

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// A test for each property, which tries all that is kept for it.
    macro_rules! kept {
        ($($property:ident)*) => {
            const PROPERTIES: &[&str] = &[$(stringify!($property)),*];
            $(#[test]
            fn $property() {
                hold(stringify!($property), super::$property);
            })*
        };
    }

    kept! {
        acme_answer chunked client_certificate client_hello enrolment_form htpasswd hub_answer
        nginx_import path proxy_protocol proxy_yaml request_head
    }

    fn hold(name: &str, property: fn(&[u8])) {
        let kept = names(&format!("corpus/{name}"));
        assert!(!kept.is_empty(), "nothing is kept for {name}");
        for file in kept {
            println!("{name}/{file}");
            property(&fs::read(fuzz(&format!("corpus/{name}/{file}"))).unwrap());
        }
    }

    #[test]
    fn every_target_is_a_property() {
        let targets = names("fuzz_targets");
        let targets: Vec<_> = targets
            .iter()
            .map(|it| it.trim_end_matches(".rs"))
            .collect();
        assert_eq!(targets, PROPERTIES);
    }

    fn names(folder: &str) -> Vec<String> {
        let entries = fs::read_dir(fuzz(folder)).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
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

//! The `proxy.yaml` of the repository: valid, complete, with the defaults of the types.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use super::{EXAMPLE, config};
use crate::config::{model::Certificate, schema};

#[test]
fn the_example_is_valid_and_has_no_warnings() {
    let example = config(EXAMPLE);
    assert_eq!(example.state, Path::new("/etc/hubgate/certs"));
    assert_eq!(example.sites.len(), 1);
    assert!(example.warnings.is_empty(), "{:?}", example.warnings);
}

#[test]
fn the_example_shows_the_defaults() {
    let short = "sites: [{hosts: [localhost, openhabian.local], upstream: 'http://127.0.0.1:8080', access: {networks: [lan]}}]";
    let (long, short) = (config(EXAMPLE), config(short));
    assert_eq!(format!("{long:?}"), format!("{short:?}"));
}

#[test]
fn the_example_names_every_key() {
    let mut keys = BTreeSet::new();
    collect_keys(&schema(), &mut keys);
    assert!(keys.contains("include_subdomains"));
    for key in keys {
        assert!(EXAMPLE.contains(&format!("{key}:")), "{key}");
    }
}

#[test]
fn the_alternatives_of_the_example_are_valid() {
    let config = config(&with_alternatives());
    let site = &config.sites[0];
    assert!(matches!(site.certificate, Certificate::Files { .. }));
    assert_eq!(
        (site.upstream().unwrap().servers.len(), site.paths.len()),
        (2, 2)
    );
    assert_eq!(site.headers.len(), 1);
    assert!(site.session.is_some());
    let phones = site.access.client_certificate.as_ref();
    let phones = phones.expect("client certificates");
    assert_eq!(phones.allow, ["Anna's phone", "Ben's phone"]);
    assert_eq!(phones.verify_depth, Some(1));
}

/// Replaces the values of the example by their commented alternatives.
fn with_alternatives() -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in EXAMPLE.lines() {
        let Some(other) = uncommented(line) else {
            lines.push(line.to_owned());
            continue;
        };
        let (key, _) = other.split_once(':').expect("a key");
        let item = key.trim_start().starts_with('-');
        let same = |line: &String| line.starts_with(key) && line[key.len()..].starts_with(':');
        lines.retain(|line| item || !same(line));
        lines.push(other);
    }
    lines.join("\n")
}

/// Returns the line without its `#`, unless it is a comment in words.
fn uncommented(line: &str) -> Option<String> {
    let (indent, other) = line.split_once('#')?;
    let words = other.is_empty() || other.starts_with(' ') && !other.starts_with("  ");
    (indent.trim().is_empty() && !words).then(|| format!("{indent}{other}"))
}

fn collect_keys(schema: &Value, keys: &mut BTreeSet<String>) {
    for (key, inner) in schema.as_object().into_iter().flatten() {
        if key == "properties" {
            keys.extend(
                inner
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, _)| key.clone()),
            );
        }
        collect_keys(inner, keys);
    }
    for inner in schema.as_array().into_iter().flatten() {
        collect_keys(inner, keys);
    }
}

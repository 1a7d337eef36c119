//! Property: a text is a complete configuration, or its faults have their places in it.

use std::{collections::HashSet, path::Path};

use super::super::path::find_rule;
use crate::config::{
    Faults,
    model::{Config, PathAccess, Site},
    parse,
};

const FILE: &str = "proxy.yaml";
/// Number of path rules of a site that are checked.
const SOME: usize = 20;

/// Checks that a text is a complete configuration, or that each fault has a place.
pub fn proxy_yaml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse(text, Path::new(FILE)) {
        Ok(config) => is_whole(text, &config),
        Err(faults) => have_places(text, &faults),
    }
}

/// Checks that each fault begins with a place in the text, and that no text controls the terminal.
fn have_places(text: &str, faults: &Faults) {
    let message = faults.to_string();
    assert!(
        !message.contains(|c: char| c.is_control() && c != '\n'),
        "{message}"
    );
    let places = message.lines().filter_map(place);
    // YAML breaks a line at a bare CR too.
    let text = text.replace("\r\n", "\n");
    let lines: Vec<_> = text.split(['\n', '\r']).collect();
    let exist = |(line, column): (usize, usize)| {
        let length = lines.get(line - 1).map_or(0, |line| line.chars().count());
        line <= lines.len() + 1 && column <= length + 2
    };
    let mut count = 0;
    for place in places {
        assert!(exist(place), "{place:?} is not in the text\n{message}");
        count += 1;
    }
    assert_eq!(count, faults.len(), "{message}");
}

/// Parses line and column of a fault's first line.
fn place(line: &str) -> Option<(usize, usize)> {
    let mut parts = line.strip_prefix(FILE)?.strip_prefix(':')?.split(':');
    let line = parts.next()?.parse().ok().filter(|line| *line > 0)?;
    let column = parts.next()?.parse().ok().filter(|column| *column > 0)?;
    Some((line, column))
}

fn is_whole(text: &str, config: &Config) {
    let mut hosts = HashSet::new();
    for site in &config.sites {
        let hub = site.upstream().map(|upstream| upstream.servers.is_empty());
        assert!(!site.hosts.is_empty() && hub != Some(true));
        let is_local = site.redirect().is_some() || site.serve().is_some();
        assert_eq!(hub.is_none(), is_local);
        assert!(
            site.hosts.iter().all(|host| hosts.insert(host)),
            "a host of two sites"
        );
        is_open_knowingly(text, config, site);
        rules_are_reachable(site);
    }
}

/// Checks that a site without a factor is configured as `public`, or has a warning.
fn is_open_knowingly(text: &str, config: &Config, site: &Site) {
    let is_open = |access: &PathAccess| match access {
        PathAccess::Public => true,
        PathAccess::And(access) => access.admits_everyone(),
        PathAccess::Inherit => false,
    };
    let entered = site.redirect().is_none();
    let open = entered && site.access.admits_everyone()
        || site.paths.iter().any(|rule| is_open(&rule.access));
    let is_known = text.contains("public") || text.contains('\\') || !config.warnings.is_empty();
    assert!(
        !open || is_known,
        "a site is open without `public` and without a warning"
    );
}

/// Checks that each path rule decides some request.
fn rules_are_reachable(site: &Site) {
    let rules: Vec<_> = site.paths.iter().map(|rule| rule.path.as_str()).collect();
    for (at, rule) in rules.iter().enumerate().take(SOME) {
        let encode = |byte: u8| match byte {
            b'/' => "/".to_owned(),
            byte => format!("%{byte:02x}"),
        };
        let request: String = rule.bytes().map(encode).collect();
        assert_eq!(
            find_rule(request.as_bytes(), &rules),
            Ok(Some(at)),
            "{rule} is never matched"
        );
    }
}

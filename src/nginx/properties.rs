//! Any text is imported or refused, and every import results in a valid proxy.yaml.

use std::{collections::BTreeMap, path::PathBuf};

use super::{ImportError, ImportOptions, InMemory, import};

/// Imports any text as NGINX's configuration: it is refused or becomes a valid proxy.yaml.
pub fn nginx_import(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let path = PathBuf::from("/etc/nginx/nginx.conf");
    let files = InMemory(BTreeMap::from([(path.clone(), text)]));
    let options = ImportOptions {
        hosts: vec!["openhabian.local".to_owned()],
        ..ImportOptions::default()
    };
    if let Err(ImportError::Invalid { faults, yaml }) = import(&files, &[path], &options) {
        panic!("{faults}\n{yaml}");
    }
}

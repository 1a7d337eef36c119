//! Whatever is written for NGINX is read or refused, and what is written of it is a proxy.yaml.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Failure, Memory, Wishes, import};

/// Any text as NGINX's configuration is refused, or becomes a proxy.yaml that is valid.
pub fn nginx_import(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let path = PathBuf::from("/etc/nginx/nginx.conf");
    let files = Memory(BTreeMap::from([(path.clone(), text)]));
    let wishes = Wishes {
        hosts: vec!["openhabian.local".to_owned()],
        ..Wishes::default()
    };
    if let Err(Failure::Invalid { faults, yaml }) = import(&files, &[path], &wishes) {
        panic!("{faults}\n{yaml}");
    }
}

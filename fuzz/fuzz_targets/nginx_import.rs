//! Any text as NGINX's configuration: read or refused, and what is written is a valid proxy.yaml.
#![no_main]

use std::{collections::BTreeMap, path::PathBuf};

use hubgate::nginx::{self, Failure, Memory, Wishes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let path = PathBuf::from("/etc/nginx/nginx.conf");
    let files = Memory(BTreeMap::from([(path.clone(), text)]));
    let wishes = Wishes {
        hosts: vec!["openhabian.local".to_owned()],
        out: None,
    };
    if let Err(Failure::Invalid { faults, yaml }) = nginx::import(&files, &[path], &wishes) {
        panic!("{faults}\n{yaml}");
    }
});

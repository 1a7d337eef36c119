//! Proofs in the DNS: wildcards, with a real name server that Pebble looks at.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    issuing::trusted_as,
    pebble::{Options, Pebble},
};
use crate::{
    harness::{NameServer, Setup},
    hub::Hub,
    real_hub::skip,
};

/// A wildcard and its parent are certified with records that `provider` writes, and none stays.
async fn certified(provider: &str, (name, content): (&str, &str), server: &NameServer) {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).hosts("[\"*.example.test\", example.test]");
    let mut options = Options::new(setup.http().number(), setup.https().number());
    options.dns = Some(server.address());
    let Some(pebble) = Pebble::start(options).await else {
        return;
    };
    let resolver = server.address();
    let setup = setup
        .acme(&pebble.directory(), &pebble.ca_pem(), "dns-01")
        .acme_key(&format!("dns: {{{provider}, resolver: \"{resolver}\"}}"))
        .file(name, content);
    let file = setup.write().join(name);
    fs::set_permissions(file, PermissionsExt::from_mode(0o700)).unwrap();
    let gate = setup.start().await;
    trusted_as("home.example.test", &gate, &pebble.root().await).await;
    gate.line_with("the new certificate is served").await;
    assert!(server.texts("_acme-challenge.example.test.").is_empty());
}

#[tokio::test]
async fn a_wildcard_is_certified_by_dynamic_updates() {
    let Some(server) = NameServer::start("").await else {
        return skip("knot");
    };
    let address = server.address();
    let provider = format!("provider: rfc2136, server: \"{address}\", key: tsig.key");
    let (name, secret) = (NameServer::KEY, NameServer::SECRET);
    let key = format!("key \"{name}\" {{ algorithm hmac-sha256; secret \"{secret}\"; }};\n");
    certified(&provider, ("tsig.key", &key), &server).await;
}

#[tokio::test]
async fn a_wildcard_is_certified_by_a_hook() {
    let Some(server) = NameServer::start("").await else {
        return skip("knot");
    };
    let (address, port) = (server.address().ip(), server.address().port());
    let (name, secret) = (NameServer::KEY, NameServer::SECRET);
    let hook = format!(
        r#"#!/bin/sh
case "$1" in present) what=add ;; cleanup) what=del ;; esac
knsupdate <<END
server {address} {port}
key hmac-sha256:{name} {secret}
zone example.test.
$what $2 60 TXT "$3"
send
END
"#
    );
    certified("provider: exec, program: ./hook", ("hook", &hook), &server).await;
}

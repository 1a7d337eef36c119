//! dns-01 for wildcards, with a real name server that Pebble queries.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    issuing::trusted_as,
    pebble::{Options, Pebble},
};
use crate::{
    harness::{Hubgate, NameServer, Setup},
    hub::Hub,
    real_hub::skip,
};

/// Issues a certificate for a wildcard and its parent by `provider`'s records; none remains.
async fn certified(provider: &str, file: (&str, &str), server: &NameServer) {
    if issued(provider, file, server).await.is_some() {
        assert!(server.texts("_acme-challenge.example.test.").is_empty());
    }
}

/// hubgate with a certificate for a wildcard and its parent; none without Pebble.
async fn issued(
    provider: &str,
    (name, content): (&str, &str),
    server: &NameServer,
) -> Option<(Hubgate, Pebble)> {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).hosts("[\"*.example.test\", example.test]");
    let mut options = Options::new(setup.http().number(), setup.https().number());
    options.dns = Some(server.address());
    let pebble = Pebble::start(options).await?;
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
    Some((gate, pebble))
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
    let hook = hook(&server, "");
    certified("provider: exec, program: ./hook", ("hook", &hook), &server).await;
}

/// A hook that updates the server; `first` is run before a clean-up.
fn hook(server: &NameServer, first: &str) -> String {
    let (address, port) = (server.address().ip(), server.address().port());
    let (name, secret) = (NameServer::KEY, NameServer::SECRET);
    format!(
        r#"#!/bin/sh
update() {{
knsupdate <<END
server {address} {port}
key hmac-sha256:{name} {secret}
zone example.test.
$1 $2 60 TXT "$3"
send
END
}}
case "$1" in
present) update add "$2" "$3" ;;
cleanup) {first}
update del "$2" "$3" ;;
esac
"#
    )
}

#[tokio::test]
async fn a_failed_or_unanswered_clean_up_finally_leaves_no_record() {
    let Some(server) = NameServer::start("").await else {
        return skip("knot");
    };
    // The first does nothing, the second all, and both fail.
    let first = r#"echo x >>"$0.calls"
case "$(wc -l <"$0.calls")" in
1) exit 1 ;;
2) update del "$2" "$3"; exit 1 ;;
esac"#;
    let hook = hook(&server, first);
    let provider = "provider: exec, program: ./hook";
    let Some((gate, _pebble)) = issued(provider, ("hook", &hook), &server).await else {
        return;
    };
    assert_eq!(server.texts("_acme-challenge.example.test.").len(), 1);
    let ran = gate.commanded(&["cert", "renew", "example.test"]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(server.texts("_acme-challenge.example.test.").is_empty());
}

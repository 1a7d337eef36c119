//! hubgate as a browser sees it: Chromium, driven by Playwright.
//!
//! The scripts beside this file act in the browser; each gets one JSON argument and fails by
//! throwing. Missing tools skip a test as in `real_hub`.

pub mod demo;
pub mod enrol;
pub mod node_red;
pub mod origins;
pub mod pages;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use tokio::{process::Command, time::timeout};
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

use crate::{
    acme::program::has_programs,
    harness::{Hubgate, foreign},
    real_hub::{skip, skip_for},
};

/// Playwright, as scripts/test installs it.
const PLAYWRIGHT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/node_modules/playwright-core/index.mjs"
);

/// Longest duration of a script.
const VISIT: Duration = Duration::from_secs(120);

/// Returns true if a browser can be driven here; prints the missing part otherwise.
pub fn has_browser() -> bool {
    let programs = ["chromium", "node"].into_iter();
    let mut missing: Vec<_> = programs.filter(|name| find(name).is_none()).collect();
    if !Path::new(PLAYWRIGHT).exists() {
        missing.push("playwright-core");
    }
    if !missing.is_empty() {
        skip(&missing.join(", "));
    }
    missing.is_empty()
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let places = env::split_paths(&path).map(|folder| folder.join(program));
    places.into_iter().find(|place| place.exists())
}

/// Returns the URL of the host.
pub fn url(gate: &Hubgate, host: &str) -> String {
    format!("https://{host}:{}", gate.https().port())
}

/// Returns the hash by which Chromium trusts the key of the certificate `NAME.pem`.
pub fn key_hash(gate: &Hubgate, name: &str) -> String {
    let pem = fs::read(gate.folder().join(format!("{name}.pem"))).unwrap();
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let (_, certificate) = parse_x509_certificate(&pem.contents).unwrap();
    BASE64_STANDARD.encode(digest(&SHA256, certificate.public_key().raw))
}

/// Returns true if certificates can be imported, and chosen by a policy of a test's own.
pub fn can_choose_certificates() -> bool {
    if !has_programs(&["certutil", "pk12util", "unshare"]) {
        return false;
    }
    let made = foreign("unshare", &["--map-root-user", "--mount", "true"]);
    if made.status != Some(0) {
        skip_for("no rights to have a mount of its own");
    }
    made.status == Some(0)
}

/// Runs a script once and returns its output; its files and Chromium's are gone afterwards.
///
/// # Panics
/// With its output, when it fails.
pub async fn run_script(script: &str, argument: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/browser");
    let running = Command::new("node")
        .arg(scripts.join(script))
        .arg(argument.to_string())
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("PLAYWRIGHT", PLAYWRIGHT)
        .env("CHROMIUM", find("chromium").unwrap())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Ok(output) = timeout(VISIT, running).await else {
        panic!("{script} did not end within {VISIT:?}");
    };
    let output = output.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(output.status.success(), "{script} failed:\n{printed}");
    printed
}

//! hubgate as a browser sees it: Chromium, driven by Playwright.
//!
//! What is done in the browser is in the scripts beside; each gets one JSON
//! argument and fails by throwing. Tools are missing as in `real_hub`.

pub mod demo;
pub mod enrol;
pub mod node_red;
pub mod origins;

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

use crate::{harness::Hubgate, real_hub::skip};

/// Where scripts/test puts Playwright.
const PLAYWRIGHT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/node_modules/playwright-core/index.mjs"
);

/// How long a script may take.
const VISIT: Duration = Duration::from_secs(120);

/// What Node 18 says when a connection of Playwright's proxy for client certificates ends while it
/// writes, and how often it may: the visit is made again.
const CRASHED: &str = "Assertion failed: is_write_in_progress()";
const CRASHES: usize = 3;

/// Whether a browser can be driven here; says so when not.
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

/// Where a browser finds the host.
pub fn url(gate: &Hubgate, host: &str) -> String {
    format!("https://{host}:{}", gate.https().port())
}

/// The hash by which Chromium is told to trust the key of the certificate `NAME.pem`.
pub fn key_hash(gate: &Hubgate, name: &str) -> String {
    let pem = fs::read(gate.folder().join(format!("{name}.pem"))).unwrap();
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let (_, certificate) = parse_x509_certificate(&pem.contents).unwrap();
    BASE64_STANDARD.encode(digest(&SHA256, certificate.public_key().raw))
}

/// Runs a script, which trusts one more root in Node, and returns what it printed; its files and
/// Chromium's are gone afterwards.
///
/// # Panics
/// With what it printed, when it fails.
pub async fn visit(script: &str, argument: &Value, root: Option<&Path>) -> String {
    for _ in 0..CRASHES {
        let (succeeded, printed) = run(script, argument, root).await;
        if succeeded {
            return printed;
        }
        assert!(printed.contains(CRASHED), "{script} failed:\n{printed}");
    }
    panic!("{script} ended {CRASHES} times by a fault of Node's");
}

/// Whether a script succeeded, and what it printed.
async fn run(script: &str, argument: &Value, root: Option<&Path>) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/browser");
    let running = Command::new("node")
        .arg(scripts.join(script))
        .arg(argument.to_string())
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("PLAYWRIGHT", PLAYWRIGHT)
        .env("CHROMIUM", find("chromium").unwrap())
        .envs(root.map(|root| ("NODE_EXTRA_CA_CERTS", root)))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Ok(output) = timeout(VISIT, running).await else {
        panic!("{script} did not end within {VISIT:?}");
    };
    let output = output.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    (output.status.success(), printed)
}

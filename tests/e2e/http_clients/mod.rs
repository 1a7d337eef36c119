//! Common HTTP clients, with an HTTP/2 response before the end of the upload.
//!
//! Each program gets the address of hubgate and the uploads, and prints the status of each.
//! Missing programs skip a test as in `real_hub`.

use std::{env, fmt::Write, path::Path, process::Stdio, time::Duration};

use serde_json::json;
use tokio::{process::Command, time::timeout};

use crate::{
    acme::program::has_programs,
    browser,
    harness::{HTPASSWD, Hubgate, Port, Setup},
    hub::Hub,
    real_hub::skip,
};

/// Target, bytes and status of each upload: answered by the gate, by a hub that
/// answers before it has read the body, by a hub that is down, by the limit.
const UPLOADS: [(&str, usize, u16); 5] = [
    ("/closed/upload", 200_000, 401),
    ("/refusing", 200_000, 403),
    ("/down/upload", 200_000, 503),
    ("/large", 600_000, 413),
    ("/closed/larger", 900_000, 401),
];

/// Times that each upload is sent.
const ROUNDS: usize = 3;

/// Time for a program to send all of them.
const TIME: Duration = Duration::from_secs(60);

/// Python with httpx, installed by scripts/test.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/python/bin/python3"
);

/// OkHttp of Android, as Debian packages it.
const OKHTTP: &str = "/usr/share/java/okhttp.jar:/usr/share/java/okio.jar";

#[tokio::test]
async fn curl_reads_the_answer_to_an_unfinished_upload() {
    if !has_programs(&["curl"]) {
        return;
    }
    let (_hub, gate, _down) = start().await;
    for (path, bytes, status) in UPLOADS.repeat(ROUNDS) {
        let url = format!("https://localhost:{}{path}", gate.https().port());
        let body = "x".repeat(bytes);
        let file = gate.folder().join("body");
        std::fs::write(&file, body).unwrap();
        let data = format!("@{}", file.display());
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-k", "--http2", "-o", "/dev/null"])
            .args(["-w", "%{http_code}", "--data-binary", &data, &url]);
        assert_eq!(run(curl).await, status.to_string(), "{path}");
    }
}

#[tokio::test]
async fn httpx_reads_the_answer_to_an_unfinished_upload() {
    if !Path::new(PYTHON).exists() {
        return skip("httpx");
    }
    answers_all("httpx_upload.py", || Command::new(PYTHON)).await;
}

#[tokio::test]
async fn okhttp_reads_the_answer_to_an_unfinished_upload() {
    if !Path::new("/usr/share/java/okhttp.jar").exists() {
        return skip("libokhttp-java");
    }
    answers_all("OkHttpUpload.java", || java(&["-cp", OKHTTP])).await;
}

#[tokio::test]
async fn the_jdks_client_reads_the_answer_to_an_unfinished_upload() {
    if !has_programs(&["java"]) {
        return;
    }
    let any_host = "-Djdk.internal.httpclient.disableHostnameVerification=true";
    answers_all("JdkUpload.java", || java(&[any_host])).await;
}

#[tokio::test]
async fn node_reads_the_answer_to_an_unfinished_upload() {
    if !has_programs(&["node"]) {
        return;
    }
    answers_all("node_upload.mjs", || Command::new("node")).await;
}

#[tokio::test]
async fn chromium_reads_the_answer_to_an_unfinished_upload() {
    if !browser::has_browser() {
        return;
    }
    let (_hub, gate, _down) = start().await;
    let argument = json!({
        "url": browser::url(&gate, "localhost"),
        "flags": [],
        "uploads": UPLOADS.repeat(ROUNDS),
    });
    browser::run_script("../http_clients/browser_upload.mjs", &argument).await;
}

/// Asserts that the program gets each status.
async fn answers_all(script: &str, program: impl Fn() -> Command) {
    let (_hub, gate, _down) = start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/http_clients");
    let mut command = program();
    command
        .arg(folder.join(script))
        .arg(format!("https://localhost:{}", gate.https().port()));
    let mut expected = String::new();
    for (path, bytes, status) in UPLOADS.repeat(ROUNDS) {
        command.args([path.to_owned(), bytes.to_string()]);
        writeln!(expected, "{path} {status}").unwrap();
    }
    assert_eq!(run(command).await, expected);
}

fn java(arguments: &[&str]) -> Command {
    let mut java = Command::new("java");
    java.args(arguments);
    java
}

/// Runs a program and returns its output, errors included.
async fn run(mut program: Command) -> String {
    let running = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(TIME, running).await.expect("the program ends");
    let output = output.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

/// Starts a hub and hubgate in front of it; the port has no listener.
async fn start() -> (Hub, Hubgate, Port) {
    let (hub, down) = (Hub::start().await, Port::keep());
    let paths = format!(
        "paths: [{{path: /closed/, access: {{password: htpasswd}}}}, \
         {{path: /down/, upstream: \"http://{}\"}}]",
        down.address()
    );
    let gate = Setup::home(&hub.url())
        .hosts("[home.test, localhost]")
        .top("limits: {body: 500KB}")
        .site(&paths)
        .file("htpasswd", HTPASSWD)
        .start()
        .await;
    (hub, gate, down)
}

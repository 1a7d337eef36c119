//! gRPC by the Python library `grpcio`, through hubgate: unary calls and streams of all kinds.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::{
    harness::{Authority, Hubgate, Setup, within},
    real_hub::skip,
};

/// Python with grpcio, installed by scripts/test.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/python/bin/python3"
);
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/http2_hubs/");
/// The kinds of calls that the client makes.
const CALLS: [&str; 11] = [
    "unary",
    "metadata",
    "large",
    "initial metadata",
    "server stream",
    "client stream",
    "bidirectional",
    "error",
    "deadline",
    "cancellation",
    "parallel",
];

/// A server of gRPC.
struct GrpcHub {
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
    _process: Child,
}

impl GrpcHub {
    async fn start(arguments: &[&Path]) -> Self {
        let mut command = Command::new(PYTHON);
        command.arg(format!("{SCRIPTS}grpc_hub.py")).args(arguments);
        let mut process = command
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = within("the port of the server", lines.next_line()).await;
        Self {
            lines,
            port: line.unwrap().expect("a port").parse().unwrap(),
            _process: process,
        }
    }
}

async fn has_grpcio() -> bool {
    if !Path::new(PYTHON).exists() {
        return false;
    }
    let import = Command::new(PYTHON).args(["-c", "import grpc"]).output();
    import.await.unwrap().status.success()
}

/// Makes all kinds of calls through hubgate.
async fn call(gate: &Hubgate, mut hub: GrpcHub) {
    let root = gate.folder().join("root.pem");
    std::fs::write(&root, gate.root_pem()).unwrap();
    let client = Command::new(PYTHON)
        .arg(format!("{SCRIPTS}grpc_client.py"))
        .arg(gate.https().port().to_string())
        .arg(root)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(120), client).await;
    let output = output.expect("the client ends").unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected: String = CALLS.map(|kind| format!("{kind} passed\n")).concat();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed, expected, "{errors}{}", gate.printed());
    let cancelled = within("the server hears of the deadline", hub.lines.next_line()).await;
    assert_eq!(cancelled.unwrap().as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn grpc_passes_to_a_hub_in_the_clear() {
    if !has_grpcio().await {
        return skip("grpcio");
    }
    let hub = GrpcHub::start(&[]).await;
    let upstream = format!(
        "{{servers: [\"http://127.0.0.1:{}\"], http2: true}}",
        hub.port
    );
    let gate = Setup::home(&upstream).start().await;
    call(&gate, hub).await;
}

#[tokio::test]
async fn grpc_passes_to_a_hub_over_tls() {
    if !has_grpcio().await {
        return skip("grpcio");
    }
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("hub root"));
    let leaf = authority.server(&["localhost"]);
    let (key, chain) = (folder.path().join("key"), folder.path().join("chain"));
    std::fs::write(&key, &leaf.key_pem).unwrap();
    std::fs::write(&chain, &leaf.chain_pem).unwrap();
    let hub = GrpcHub::start(&[&key, &chain]).await;
    let upstream = format!(
        "{{servers: [\"https://localhost:{}\"], ca: hub-ca.pem, http2: true}}",
        hub.port
    );
    let setup = Setup::home(&upstream).file("hub-ca.pem", &authority.pem());
    call(&setup.start().await, hub).await;
}

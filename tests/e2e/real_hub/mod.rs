//! Real hubs behind hubgate: Jetty 9, the server of openHAB, and Node-RED.
//!
//! Without their programs a test prints `skipped` and passes; with `CI=true` it fails.

pub mod jetty;
pub mod node_red;

use std::{
    env, io,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::harness::{Output, Port, Wire, eventually};

/// Longest time until a real hub's first response.
const STARTED: Duration = Duration::from_secs(60);

/// A running real hub; it ends with the test.
pub struct RealHub {
    child: Child,
    output: Output,
    port: Port,
    _folder: TempDir,
}

impl RealHub {
    /// Starts the program and waits until it has the path on the port.
    pub async fn start(mut command: Command, port: Port, folder: TempDir, path: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        let mut hub = Self {
            child,
            output,
            port,
            _folder: folder,
        };
        hub.answers(path).await;
        hub
    }

    /// The URL for `upstream:`.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    async fn answers(&mut self, path: &str) {
        let address = self.port.address();
        eventually(STARTED, "the real hub answers", async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the real hub ended: {ended:?}");
            has(address, path).await.unwrap_or(false)
        })
        .await;
    }
}

async fn has(address: SocketAddr, path: &str) -> io::Result<bool> {
    let mut wire = Wire::new(TcpStream::connect(address).await?);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wire.write(request.as_bytes()).await?;
    let head = wire.head().await?;
    Ok(head.is_some_and(|head| head.word(1) == "200"))
}

impl Drop for RealHub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.output.finish();
        if thread::panicking() {
            eprintln!("--- the real hub printed:\n{printed}\n---");
        }
    }
}

/// Says that a test is skipped.
///
/// # Panics
/// With `CI=true`, where nothing may be skipped.
pub fn skip(missing: &str) {
    skip_for(&format!("{missing} missing; scripts/test installs it"));
}

/// Says that a test is skipped, and for what reason.
///
/// # Panics
/// With `CI=true`, where nothing may be skipped.
pub fn skip_for(reason: &str) {
    eprintln!("skipped: {reason}");
    let ci = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "nothing may be skipped here: {reason}");
}

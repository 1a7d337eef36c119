//! The running program under test.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
    Authority, Caller, DEADLINE, Leaf, Output, Port, Ran,
    command::{hubgate, program},
    eventually, setup,
};

/// How long hubgate may take to end after SIGTERM before it is killed: short,
/// since the test's own clients, still connected, cannot hear it say goodbye.
const GRACE: Duration = Duration::from_millis(300);

/// A hubgate of this test's own; it ends with the test.
pub struct Hubgate {
    child: Child,
    output: Output,
    folder: TempDir,
    root: Authority,
    http: Port,
    https: Port,
}

impl Hubgate {
    /// Starts the program in the folder.
    pub(super) fn start(
        folder: TempDir,
        root: Authority,
        [http, https]: [Port; 2],
        environment: &[(String, String)],
    ) -> Self {
        let mut child = program()
            .args(["run", "-c", "proxy.yaml"])
            .current_dir(folder.path())
            .envs(environment.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        Self {
            child,
            output,
            folder,
            root,
            http,
            https,
        }
    }

    /// A caller over TLS who asks for `home.test`.
    pub fn tls(&self) -> Caller {
        Caller::tls(self.https.address(), self.root.certificate())
    }

    /// A caller without TLS.
    pub fn clear(&self) -> Caller {
        Caller::clear(self.http.address())
    }

    /// The address of HTTP.
    pub fn http(&self) -> SocketAddr {
        self.http.address()
    }

    /// The address of HTTPS.
    pub fn https(&self) -> SocketAddr {
        self.https.address()
    }

    /// A server certificate that the callers trust.
    pub fn certificate_for(&self, names: &[&str]) -> Leaf {
        self.root.server(names)
    }

    /// The root that the callers trust, as PEM.
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Writes a file beside `proxy.yaml`.
    pub fn write(&self, name: &str, content: &str) {
        setup::write(self.folder.path(), name, content);
    }

    /// The folder of `proxy.yaml`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a hubgate command with the same `proxy.yaml`.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        hubgate(self.folder(), arguments)
    }

    /// Waits until commands reach the running program.
    pub async fn answers_commands(&self) {
        eventually(DEADLINE, "hubgate answers commands", async || {
            self.command(&["status"]).status == Some(0)
        })
        .await;
    }

    /// Asks for a reload with SIGHUP.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Asks for a hand-over to a new process with SIGUSR2.
    pub fn hand_over(&self) {
        self.signal(Signal::USR2);
    }

    /// Asks for the end with SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until the program has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        eventually(DEADLINE, "hubgate ends", async || self.status().is_some()).await;
        self.status().unwrap()
    }

    /// Waits for a line of output that contains the text and returns it.
    pub async fn line_with(&self, text: &str) -> String {
        self.output.line_with(text).await
    }

    /// Everything printed so far.
    pub fn printed(&self) -> String {
        self.output.text()
    }

    /// Waits until it listens on the address.
    pub(super) async fn listens(&mut self, address: SocketAddr) {
        let what = format!("hubgate listens on {address}");
        eventually(DEADLINE, &what, async || {
            let ended = self.status();
            assert!(ended.is_none(), "hubgate ended: {ended:?}");
            TcpStream::connect(address).await.is_ok()
        })
        .await;
    }

    fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        let _ = kill_process(pid, signal);
    }

    fn end(&mut self) {
        let limit = Instant::now() + GRACE;
        self.terminate();
        while self.status().is_none() && Instant::now() < limit {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Hubgate {
    fn drop(&mut self) {
        if self.status().is_none() {
            self.end();
        }
        let printed = self.output.finish();
        if thread::panicking() {
            eprintln!("--- hubgate printed:\n{printed}\n---");
        }
    }
}

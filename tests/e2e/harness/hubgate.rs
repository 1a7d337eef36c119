//! The running program under test.

mod again;
mod signals;
mod stop;

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::Pid;
use tempfile::TempDir;
use tokio::{net::TcpStream, task::spawn_blocking};

use super::{
    Authority, Client, CommandOutput, DEADLINE, Leaf, Output, Port, command::hubgate, eventually,
    setup, within,
};

/// A hubgate of this test's own; it ends with the test.
pub struct Hubgate {
    child: Child,
    /// The processes that have taken over, one from the other.
    successors: Vec<Pid>,
    output: Output,
    /// Output of the earlier processes.
    before: String,
    environment: Vec<(String, String)>,
    folder: TempDir,
    root: Authority,
    http: Port,
    https: Port,
}

impl Hubgate {
    /// Starts the program in the folder.
    pub(super) fn start(
        mut command: Command,
        environment: Vec<(String, String)>,
        folder: TempDir,
        root: Authority,
        [http, https]: [Port; 2],
    ) -> Self {
        let mut child = running(&mut command, &environment, folder.path());
        let output = Output::capture(&mut child);
        Self {
            child,
            successors: Vec::new(),
            output,
            before: String::new(),
            environment,
            folder,
            root,
            http,
            https,
        }
    }

    /// A client over TLS that requests `home.test`.
    pub fn tls(&self) -> Client {
        Client::tls(self.https.address(), self.root.certificate())
    }

    /// A client without TLS.
    pub fn clear(&self) -> Client {
        Client::clear(self.http.address())
    }

    /// The address of HTTP.
    pub fn http(&self) -> SocketAddr {
        self.http.address()
    }

    /// The address of HTTPS.
    pub fn https(&self) -> SocketAddr {
        self.https.address()
    }

    /// A server certificate that the clients trust.
    pub fn certificate_for(&self, names: &[&str]) -> Leaf {
        self.root.server(names)
    }

    /// The root that the clients trust, as PEM.
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
    pub fn command(&self, arguments: &[&str]) -> CommandOutput {
        hubgate(self.folder(), arguments)
    }

    /// Like `command`, without blocking the test.
    pub async fn commanded(&self, arguments: &[&'static str]) -> CommandOutput {
        let (folder, arguments) = (self.folder.path().to_owned(), arguments.to_vec());
        let running = spawn_blocking(move || hubgate(&folder, &arguments));
        within("the command ends", running).await.unwrap()
    }

    /// Waits until commands reach the running program.
    pub async fn answers_commands(&self) {
        eventually(DEADLINE, "hubgate answers commands", async || {
            self.command(&["status"]).status == Some(0)
        })
        .await;
    }

    /// Replaces the program's file by a script.
    pub fn replace_program(&self, script: &str) {
        self.write("hubgate", script);
        let path = self.folder.path().join("hubgate");
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    /// Waits for a line of output that contains the text and returns it.
    pub async fn line_with(&self, text: &str) -> String {
        self.output.line_with(text).await
    }

    /// The number of the process that was started first.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that the process occupies.
    ///
    /// # Panics
    /// If the process has ended.
    pub fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.unwrap().trim().trim_end_matches("kB").trim();
        kibibytes.parse::<usize>().unwrap() * 1024
    }

    /// Everything printed so far.
    pub fn printed(&self) -> String {
        self.output.text()
    }

    /// Leaves stdout and stderr unread from now on, or reads them again.
    pub fn stall_output(&self, stalled: bool) {
        self.output.stall(stalled);
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
}

impl Drop for Hubgate {
    fn drop(&mut self) {
        if self.is_running() {
            self.end();
        }
        let printed = self.output.finish();
        if thread::panicking() {
            eprintln!("--- hubgate printed:\n{}{printed}\n---", self.before);
        }
    }
}

fn running(command: &mut Command, environment: &[(String, String)], folder: &Path) -> Child {
    command
        .args(["run", "-c", "proxy.yaml"])
        .envs(environment.iter().cloned())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

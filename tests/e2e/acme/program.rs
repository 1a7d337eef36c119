//! A foreign server program that runs beside a test.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{
    harness::{Output, eventually},
    real_hub::skip,
};

/// Longest time until a program listens.
const STARTED: Duration = Duration::from_secs(60);

/// A running program; it and its folder end with the test.
pub struct Program {
    child: Child,
    output: Output,
    folder: TempDir,
}

impl Program {
    /// Starts the command in the folder, and waits until it listens everywhere.
    pub async fn start(mut command: Command, folder: TempDir, listening: &[SocketAddr]) -> Self {
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        let mut program = Self {
            child,
            output,
            folder,
        };
        for address in listening {
            program.listens(*address).await;
        }
        program
    }

    /// Everything printed so far.
    pub fn printed(&self) -> String {
        self.output.text()
    }

    async fn listens(&mut self, address: SocketAddr) {
        let what = format!("a program listens on {address}");
        eventually(STARTED, &what, async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}");
            TcpStream::connect(address).await.is_ok()
        })
        .await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.output.finish();
        if thread::panicking() {
            let folder = self.folder.path().display();
            eprintln!("--- the program in {folder} printed:\n{printed}\n---");
        }
    }
}

/// Returns true if all these programs are installed; prints the missing ones otherwise.
pub fn has_programs(names: &[&str]) -> bool {
    let missing = |name: &&&str| Command::new(name).arg("-help").output().is_err();
    let missing: Vec<_> = names.iter().filter(missing).copied().collect();
    if !missing.is_empty() {
        skip(&missing.join(", "));
    }
    missing.is_empty()
}

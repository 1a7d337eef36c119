//! A running `hubgate demo` and its printed values.

use std::{
    path::Path,
    process::{Child, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Authority, Client, Output, command::program, eventually};

/// A demo with temporary files of this test's own; it ends with the test.
pub struct Demo {
    child: Child,
    output: Output,
    folder: TempDir,
}

impl Demo {
    /// Starts the demo and waits until it prints its URL.
    pub async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = program()
            .arg("demo")
            .args(arguments)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::capture(&mut child);
        let demo = Self {
            child,
            output,
            folder,
        };
        demo.output.line_with("Ctrl-C").await;
        demo
    }

    /// The word printed beside `name`.
    pub fn printed(&self, name: &str) -> String {
        let text = self.output.text();
        let words = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut found = words.filter(|words| words.first() == Some(&name));
        found.next().expect("a printed word")[1].to_owned()
    }

    /// Returns true if the demo has printed this text.
    pub fn has_printed(&self, text: &str) -> bool {
        self.output.text().contains(text)
    }

    /// A client of the printed port.
    pub fn client(&self) -> Client {
        let url = self.printed("open");
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        let unused_root = Authority::new("unused").certificate();
        Client::tls(([127, 0, 0, 1], port).into(), unused_root)
            .accepting_any_certificate()
            .name("localhost")
    }

    /// The folder its temporary files are in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        let _ = kill_process(pid, signal);
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut status = None;
        eventually(within, "the demo ends", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let printed = self.output.finish();
        if thread::panicking() {
            eprintln!("--- the demo printed:\n{printed}\n---");
        }
    }
}

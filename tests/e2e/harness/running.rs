//! A hubgate command that runs while the test goes on.

use std::{
    io::Write,
    path::Path,
    process::{Child, Stdio},
};

use super::{CommandOutput, DEADLINE, Output, command::program, eventually};

/// A command that has not ended; it is killed with the test.
pub struct Running {
    child: Child,
    output: Output,
}

impl Running {
    /// Starts `hubgate` with the arguments in the folder.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(arguments).current_dir(folder);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
        let output = Output::capture(&mut child);
        Self { child, output }
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// Waits for a line that contains the text and returns it.
    pub async fn line_with(&self, text: &str) -> String {
        self.output.line_with(text).await
    }

    /// Everything printed so far.
    pub fn printed(&self) -> String {
        self.output.text()
    }

    /// Waits until it has ended; both its outputs are in `stdout` then.
    pub async fn ended(mut self) -> CommandOutput {
        eventually(DEADLINE, "the command ends", async || {
            self.child.try_wait().unwrap().is_some()
        })
        .await;
        CommandOutput {
            status: self.child.wait().unwrap().code(),
            stdout: self.output.finish(),
            stderr: String::new(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

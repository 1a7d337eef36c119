//! A hubgate command that runs to its end.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// What a finished command left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `hubgate` with the arguments in the folder.
pub fn hubgate(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = program();
    let output = command.args(arguments).current_dir(folder).output();
    let output = output.unwrap();
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The program under test, without standard input and without what this
/// process inherited from a service manager.
pub(super) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubgate"));
    command.stdin(Stdio::null());
    for name in [
        "JOURNAL_STREAM",
        "LISTEN_FDS",
        "LISTEN_PID",
        "NOTIFY_SOCKET",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command
}

//! Runs hubgate commands and foreign programs to their end.

use std::{
    io::{Seek, Write},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process};

/// Longest duration of a command, on a busy machine.
const COMMAND_DEADLINE: Duration = Duration::from_secs(180);

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_hubgate");

/// Exit code and output of a finished command.
#[derive(Debug)]
pub struct CommandOutput {
    /// The exit code; none after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `hubgate` with the arguments in the folder.
pub fn hubgate(folder: &Path, arguments: &[&str]) -> CommandOutput {
    let mut command = program();
    finished(command.args(arguments).current_dir(folder))
}

/// Runs `hubgate` with the arguments in the folder and a line on its standard input.
pub fn hubgate_with_input(folder: &Path, arguments: &[&str], line: &str) -> CommandOutput {
    let mut input = tempfile::tempfile().unwrap();
    writeln!(input, "{line}").unwrap();
    input.rewind().unwrap();
    let mut command = program();
    finished(command.args(arguments).current_dir(folder).stdin(input))
}

/// Runs a foreign program with the arguments, in English and UTF-8.
pub fn foreign(program: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    finished(command.env("LC_ALL", "C.UTF-8"))
}

/// Runs the command to its end; kills one that hangs, which fails its test.
fn finished(command: &mut Command) -> CommandOutput {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = Pid::from_child(&child);
    match output_in_time(child) {
        Some(output) => output.into(),
        None => {
            let _ = kill_process(pid, Signal::KILL);
            panic!("{command:?} does not end within {COMMAND_DEADLINE:?}");
        }
    }
}

fn output_in_time(child: Child) -> Option<Output> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(COMMAND_DEADLINE).ok()?;
    Some(output.unwrap())
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl CommandOutput {
    /// Its standard output.
    ///
    /// # Panics
    /// With all it printed, when it failed.
    pub fn succeeded(self) -> String {
        assert_eq!(self.status, Some(0), "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// The program under test, without standard input and without what this
/// process inherited from a service manager.
pub(super) fn program() -> Command {
    without_manager(Command::new(PROGRAM))
}

/// The program at this path, started with descriptors as systemd passes listening
/// sockets: from descriptor 3 on, and LISTEN_PID is its own process.
pub(super) fn inheriting(path: &Path, sockets: Vec<OwnedFd>) -> Command {
    if sockets.is_empty() {
        return without_manager(Command::new(path));
    }
    let count = sockets.len().to_string();
    let mappings = (3..).zip(sockets).map(|(child_fd, socket)| FdMapping {
        parent_fd: socket,
        child_fd,
    });
    let mut command = without_manager(Command::new("/bin/sh"));
    command
        .args(["-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\""])
        .arg(path)
        .env("LISTEN_FDS", count)
        .fd_mappings(mappings.collect())
        .unwrap();
    command
}

pub(super) fn without_manager(mut command: Command) -> Command {
    command.stdin(Stdio::null());
    for name in [
        "JOURNAL_STREAM",
        "LISTEN_FDS",
        "LISTEN_PID",
        "NOTIFY_SOCKET",
        "RUST_LOG",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    ] {
        command.env_remove(name);
    }
    command
}

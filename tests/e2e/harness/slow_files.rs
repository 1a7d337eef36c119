//! Slow and stuck files for a program that is started with them.

use std::{fs, path::Path, process::Command};

use rustix::io::Errno;
use tempfile::TempDir;

use super::{CommandOutput, PROGRAM, Setup, foreign};

/// A preloaded library that delays calls on files.
pub struct SlowFiles {
    folder: TempDir,
}

const SOURCE: &str = include_str!("slow_files.c");

impl SlowFiles {
    /// Builds the library; all files are fast so far.
    pub fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        fs::write(path("slow_files.c"), SOURCE).unwrap();
        fs::write(path("calls"), "").unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-w", "-o"]);
        compiler
            .arg(path("slow_files.so"))
            .arg(path("slow_files.c"));
        assert!(compiler.arg("-ldl").status().unwrap().success());
        Self { folder }
    }

    /// Starts hubgate with these slow files.
    pub fn under(&self, setup: Setup) -> Setup {
        let path = |name| self.folder.path().join(name).to_string_lossy().into_owned();
        let setup = setup.variable("LD_PRELOAD", &path("slow_files.so"));
        setup.variable("SLOW_FILES", &path("calls"))
    }

    /// Runs a hubgate command on a `proxy.yaml`, with its files from here.
    pub fn command(&self, arguments: &[&str], config: &Path) -> CommandOutput {
        let config = config.display().to_string();
        self.run(&[&[PROGRAM, "-c", &config], arguments].concat())
    }

    /// Runs a hubgate command in a folder, with its files from here.
    pub fn command_in(&self, folder: &Path, arguments: &[&str]) -> CommandOutput {
        let folder = folder.display().to_string();
        self.run(&[&["env", "-C", &folder, PROGRAM], arguments].concat())
    }

    fn run(&self, command: &[&str]) -> CommandOutput {
        let path = |name| self.folder.path().join(name).display().to_string();
        let preload = format!("LD_PRELOAD={}", path("slow_files.so"));
        let calls = format!("SLOW_FILES={}", path("calls"));
        foreign("env", &[&[&*preload, &*calls], command].concat())
    }

    /// Lets these calls (`open`, `stat`, `read`, `fsync`, `rename`, `run`) on paths with this end, or on
    /// all (`*`), take so many milliseconds; 0 for as long as nothing else is said.
    pub fn slow(&self, calls: &[&str], end: &str, milliseconds: u32) {
        let line = |call: &&str| format!("{call} {end} {milliseconds}\n");
        self.write(&calls.iter().map(line).collect::<String>());
    }

    /// Lets all calls on paths with this end hang, and the start of a program with this end.
    pub fn hang(&self, end: &str) {
        self.slow(&["open", "stat", "read", "fsync", "rename", "run"], end, 0);
    }

    /// Lets nothing be written, as a file system that the kernel has made read-only.
    pub fn make_read_only(&self) {
        let calls = ["write", "rename", "remove", "make"];
        let line = |call| format!("{call} * -{}\n", Errno::ROFS.raw_os_error());
        self.write(&calls.map(line).concat());
    }

    /// Makes all files fast again.
    pub fn release(&self) {
        self.write("");
    }

    /// The calls that were held so far, with their paths.
    pub fn held(&self) -> String {
        fs::read_to_string(self.folder.path().join("calls.log")).unwrap_or_default()
    }

    fn write(&self, calls: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, calls).unwrap();
        fs::rename(new, self.folder.path().join("calls")).unwrap();
    }
}

impl Drop for SlowFiles {
    /// No process is left hanging.
    fn drop(&mut self) {
        self.release();
    }
}

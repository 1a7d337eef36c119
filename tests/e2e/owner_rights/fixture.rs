//! A state folder of the service user with planted traps, and root's files beside it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::geteuid,
};
use tempfile::TempDir;

use crate::{
    harness::{CommandOutput, HTPASSWD, Hubgate, Setup, hubgate_with_input},
    hub::Hub,
    real_hub::skip_for,
};

/// The service user.
pub(super) const SERVICE: u32 = 12_345;
/// That of the backups.
pub(super) const PASSPHRASE: &str = "correct horse";
/// Seconds after which a command hangs; a server is ended then.
const PATIENCE: &str = "10";
const SERVED: &str = "2";

/// Replacement of a file or folder by the service user.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attack {
    /// A link to a file or folder that root alone may read.
    Link,
    /// A link to a world-readable copy.
    ReadableLink,
    /// Another name of root's file.
    HardLink,
    /// A pipe without a writer.
    Pipe,
}

/// The folder of proxy.yaml, `state` and `users` of the service user in it.
pub(super) struct Fixture {
    gate: Hubgate,
    roots: TempDir,
    _hub: Hub,
}

impl Attack {
    pub(super) const ALL: [Self; 4] = [Self::Link, Self::ReadableLink, Self::HardLink, Self::Pipe];
}

impl Fixture {
    /// A fixture that was started once, with a device and a user; none without root's rights.
    pub(super) async fn new() -> Option<Self> {
        if !geteuid().is_root() {
            skip_for("only root acts for other users");
            return None;
        }
        let hub = Hub::start().await;
        let factors = "networks: [127.0.0.1], password: users/htpasswd, client_certificate: own";
        let setup = Setup::home(&hub.url())
            .top("state: state")
            .site(&format!("access: {{{factors}}}"))
            .other_site("{hosts: [other.test], upstream: \"http://127.0.0.1:1\"}")
            .file("nginx.conf", NGINX);
        let folder = setup.write();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.join("users")).unwrap();
        fs::write(folder.join("users/htpasswd"), HTPASSWD).unwrap();
        let mut gate = setup.start().await;
        gate.answers_commands().await;
        let add = ["client", "add", "Anna", "--key", "ec", "--out", "anna"];
        gate.command(&add).succeeded();
        hubgate_with_input(&folder, &["client", "export", "backup"], PASSPHRASE).succeeded();
        gate.terminate();
        gate.ended().await;
        let fixture = Self {
            gate,
            roots: tempfile::tempdir().unwrap(),
            _hub: hub,
        };
        fixture.keep();
        Some(fixture)
    }

    fn keep(&self) {
        fs::set_permissions(self.roots.path(), Permissions::from_mode(0o755)).unwrap();
        let owner = format!("{SERVICE}:{SERVICE}");
        let chown = |name: &str| shell("chown", &["-R", &owner, self.path(name).to_str().unwrap()]);
        ["home.pem", "home.key"].into_iter().for_each(chown);
        for name in ["state", "users"] {
            chown(name);
            let kept = self.path(&format!("kept-{name}"));
            fs::rename(self.path(name), kept).unwrap();
        }
        self.restore();
    }

    /// Restores the initial state.
    pub(super) fn restore(&self) {
        for name in ["state", "users", "out", "out-backup"] {
            shell("rm", &["-rf", self.path(name).to_str().unwrap()]);
        }
        for name in ["state", "users"] {
            let [kept, path] =
                [format!("kept-{name}"), name.to_owned()].map(|file| self.path(&file));
            shell(
                "cp",
                &["-a", kept.to_str().unwrap(), path.to_str().unwrap()],
            );
        }
        for entry in fs::read_dir(self.roots.path()).unwrap().flatten() {
            shell("rm", &["-rf", entry.path().to_str().unwrap()]);
        }
    }

    /// Plays each attack at the name, and each command on each; root's files stay as they are.
    pub(super) fn attacked(&self, name: &str, commands: &[&[&str]], input: &str) {
        for attack in Attack::ALL {
            self.restore();
            self.lay(attack, name);
            for command in commands {
                let ran = self.unharmed_by(command, input);
                let place = format!("{attack:?} at {name}: {command:?}: {}", ran.stderr);
                match ran.status {
                    Some(0) => {}
                    Some(1 | 78) => assert!(names_the_place(&ran.stderr), "{place}"),
                    hung_or_broken => panic!("{hung_or_broken:?}: {place}"),
                }
            }
        }
    }

    /// Runs a command; root's files are as before.
    pub(super) fn unharmed_by(&self, command: &[&str], input: &str) -> CommandOutput {
        let before = listing(self.roots.path());
        let ran = self.run(command, input);
        let after = listing(self.roots.path());
        assert_eq!(before, after, "{command:?}: {}", ran.stderr);
        ran
    }

    /// Runs a command as root, for a limited time.
    pub(super) fn run(&self, command: &[&str], input: &str) -> CommandOutput {
        let patience = if command == ["run"] { SERVED } else { PATIENCE };
        let folder = self.gate.folder();
        fs::write(folder.join("input"), format!("{input}\n")).unwrap();
        let mut timeout = Command::new("timeout");
        let timeout = timeout.arg(patience).arg(env!("CARGO_BIN_EXE_hubgate"));
        let timeout = timeout.args(command).current_dir(folder);
        let input = fs::File::open(folder.join("input")).unwrap();
        let output = timeout.stdin(Stdio::from(input)).output();
        output.unwrap().into()
    }

    /// Puts a trap in the place of a file or folder.
    pub(super) fn lay(&self, attack: Attack, name: &str) {
        let place = self.path(name);
        let content = fs::read(&place).unwrap_or_else(|_| HTPASSWD.into());
        let target = self.roots.path().join(name.replace('/', "-"));
        let readable = matches!(attack, Attack::ReadableLink);
        if place.is_dir() || name.ends_with("out") || name.ends_with("replaced") {
            shell("rm", &["-rf", place.to_str().unwrap()]);
            fs::create_dir(&target).unwrap();
            fs::write(target.join("own"), "root's own").unwrap();
        } else {
            fs::remove_file(&place).ok();
            fs::write(&target, content).unwrap();
        }
        let mode = match (readable, target.is_dir()) {
            (true, true) => 0o755,
            (true, false) => 0o644,
            (false, true) => 0o700,
            (false, false) => 0o600,
        };
        fs::set_permissions(&target, Permissions::from_mode(mode)).unwrap();
        match attack {
            Attack::HardLink if target.is_file() => fs::hard_link(&target, &place).unwrap(),
            Attack::Pipe => {
                mknodat(CWD, &place, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
                chown(&place, Some(SERVICE), Some(SERVICE)).unwrap();
            }
            _ => {
                symlink(&target, &place).unwrap();
                lchown(&place, Some(SERVICE), Some(SERVICE)).unwrap();
            }
        }
    }

    /// The files below a folder, the socket among them.
    pub(super) fn files(&self, folder: &str) -> Vec<String> {
        let names = self.names(folder);
        let is_file = |name: &String| !self.path(name).is_dir();
        names.into_iter().filter(is_file).collect()
    }

    /// The folders below a folder, and itself.
    pub(super) fn folders(&self, folder: &str) -> Vec<String> {
        let names = self.names(folder);
        let is_folder = |name: &String| self.path(name).is_dir();
        names.into_iter().filter(is_folder).collect()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let root = self.gate.folder();
        let names = walk(&root.join(folder)).into_iter();
        let names = names.map(|path| path.strip_prefix(root).unwrap().to_owned());
        let names: Vec<_> = names
            .map(|path| path.to_str().unwrap().to_owned())
            .collect();
        assert!(names.len() > 1, "{folder} has nothing in it");
        names
    }

    /// The owner of a file.
    pub(super) fn owner(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.path(name)).unwrap().uid()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.gate.folder().join(name)
    }
}

/// Returns true if the message names the place and a cause.
fn names_the_place(stderr: &str) -> bool {
    let is_placed = ["state", "users", "out"]
        .iter()
        .any(|name| stderr.contains(name));
    is_placed && stderr.contains(": ")
}

fn shell(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

/// A folder and its content, recursively.
fn walk(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if fs::symlink_metadata(path).unwrap().is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().flatten().collect();
        entries.sort_by_key(fs::DirEntry::path);
        found.extend(entries.iter().flat_map(|entry| walk(&entry.path())));
    }
    found
}

/// Owner, mode and content of all files in a folder.
fn listing(folder: &Path) -> Vec<(PathBuf, u32, u32, u32, Vec<u8>)> {
    let described = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).unwrap();
        let readable = meta.is_file() && !meta.file_type().is_fifo();
        let content = if readable {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        (path, meta.uid(), meta.gid(), meta.mode(), content)
    };
    walk(folder).into_iter().map(described).collect()
}

const NGINX: &str = "events {}\nhttp { server { listen 80; server_name home.test; \
                     location / { proxy_pass http://127.0.0.1:8080; } } }\n";

//! `hubgate user`: it, hubgate and `htpasswd` read each other's files.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    harness::{
        CommandOutput, DEADLINE, HTPASSWD, Hubgate, Running, Setup, eventually, foreign, hubgate,
        hubgate_with_input,
    },
    hub::Hub,
};

#[tokio::test]
async fn a_running_hubgate_takes_each_change() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    hubgate_with_input(gate.folder(), &["user", "add", "ben"], "first").succeeded();
    becomes(&gate, "ben", "first", 200).await;
    hubgate_with_input(gate.folder(), &["user", "passwd", "ben"], "second").succeeded();
    becomes(&gate, "ben", "second", 200).await;
    assert_eq!(status(&gate, "ben", "first").await, 401);
    gate.command(&["user", "del", "ben"]).succeeded();
    becomes(&gate, "ben", "second", 401).await;
    assert_eq!(status(&gate, "anna", "secret").await, 200);
}

#[tokio::test]
async fn htpasswd_and_hubgate_read_each_others_files() {
    if !is_installed("htpasswd") {
        return;
    }
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let file = gate.folder().join("htpasswd");
    let file = file.to_str().unwrap();
    hubgate_with_input(gate.folder(), &["user", "add", "ben"], "pässwörd").succeeded();
    let verified = |user, password| foreign("htpasswd", &["-vb", file, user, password]).status;
    assert_eq!(verified("ben", "pässwörd"), Some(0));
    assert_ne!(verified("ben", "passwort"), Some(0));
    for option in ["-b", "-bB"] {
        foreign("htpasswd", &[option, file, "carl", option]).succeeded();
        becomes(&gate, "carl", option, 200).await;
    }
    hubgate_with_input(gate.folder(), &["user", "passwd", "carl"], "third").succeeded();
    assert_eq!(verified("carl", "third"), Some(0));
    foreign("htpasswd", &["-D", file, "ben"]).succeeded();
    becomes(&gate, "ben", "pässwörd", 401).await;
    assert_eq!(verified("anna", "secret"), Some(0));
}

#[test]
fn names_and_passwords_that_would_not_work_are_refused_with_their_cause() {
    let setup = closed();
    let folder = setup.write();
    let long = "x".repeat(73);
    for (arguments, password, cause) in [
        (
            ["user", "add", "anna"],
            "x",
            "there is a user \"anna\" already",
        ),
        (
            ["user", "passwd", "ben"],
            "x",
            "htpasswd has no user \"ben\"",
        ),
        (["user", "del", "ben"], "", "htpasswd has no user \"ben\""),
        (["user", "del", "anna"], "", "anna is the last user of"),
        (["user", "add", "b:n"], "x", "has a colon"),
        (["user", "add", "#b"], "x", "begins with #"),
        (["user", "add", "ben"], "", "the password is empty"),
        (["user", "add", "ben"], "a\tb", "control character"),
        (
            ["user", "passwd", "anna"],
            &long,
            "73 bytes, and bcrypt reads 72",
        ),
    ] {
        let ran = hubgate_with_input(&folder, &arguments, password);
        assert_eq!(ran.status, Some(1), "{arguments:?}");
        assert!(ran.stderr.contains(cause), "{arguments:?}: {}", ran.stderr);
        let kept = fs::read_to_string(folder.join("htpasswd")).unwrap();
        assert_eq!(kept, HTPASSWD, "{arguments:?}");
    }
    let argument = hubgate(&folder, &["user", "add", "ben", "secret"]);
    assert_eq!(argument.status, Some(2), "a password is no argument");
}

#[test]
fn all_lines_of_other_users_stay_unchanged() {
    let setup = closed();
    let folder = setup.write();
    let file = folder.join("htpasswd");
    let others = format!("# family\r\n{HTPASSWD}nothing\ndes:gezlltSR9xVM.:old box\n");
    fs::rename(&file, folder.join("elsewhere")).unwrap();
    symlink("elsewhere", &file).unwrap();
    fs::write(&file, format!("{others}ben:x:son\r\nben:y")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = chown(&file, Some(4711), Some(4712)).is_ok();
    hubgate_with_input(&folder, &["user", "passwd", "ben"], "new").succeeded();
    let written = fs::read_to_string(&file).unwrap();
    let ben = written.strip_prefix(&others).unwrap();
    assert!(
        ben.starts_with("ben:$2y$") && ben.ends_with(":son\r\n"),
        "{ben}"
    );
    assert!(file.is_symlink());
    let meta = fs::metadata(&file).unwrap();
    assert_eq!(meta.mode() & 0o7777, 0o640);
    assert!(!is_root || (meta.uid(), meta.gid()) == (4711, 4712));
    assert_eq!(hubgate(&folder, &["user", "del", "ben"]).status, Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), others);
    assert_eq!(leftovers(&folder), Vec::<PathBuf>::new());
}

#[test]
fn a_new_file_is_readable_by_its_owner_only() {
    let setup = closed();
    let folder = setup.write();
    fs::remove_file(folder.join("htpasswd")).unwrap();
    hubgate_with_input(&folder, &["user", "add", "ben"], "secret").succeeded();
    let mode = fs::metadata(folder.join("htpasswd")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o600);
    hubgate(&folder, &["check"]).succeeded();
}

/// The service reads what root made for it; only root can give files away.
#[test]
fn a_new_file_of_roots_is_readable_by_the_owner_of_the_state() {
    let setup = closed().top("state: state");
    let folder = setup.write();
    fs::remove_file(folder.join("htpasswd")).unwrap();
    fs::create_dir(folder.join("state")).unwrap();
    if chown(folder.join("state"), Some(4711), Some(4712)).is_err() {
        eprintln!("skipped: only root can try this");
        return;
    }
    hubgate_with_input(&folder, &["user", "add", "ben"], "secret").succeeded();
    let meta = fs::metadata(folder.join("htpasswd")).unwrap();
    assert_eq!((meta.uid(), meta.gid()), (0, 4712));
    assert_eq!(meta.mode() & 0o7777, 0o640);
}

/// A limit on the size of files stands for the full disk.
#[test]
fn a_full_disk_leaves_the_old_file() {
    let setup = closed();
    let folder = setup.write();
    fs::write(folder.join("password"), "secret\n").unwrap();
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" user add ben < password";
    let mut shell = Command::new("/bin/sh");
    let shell = shell.args(["-c", script, env!("CARGO_BIN_EXE_hubgate")]);
    let ran = CommandOutput::from(shell.current_dir(&folder).output().unwrap());
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.stderr
            .contains("htpasswd: cannot be written, and is as it was: File too large"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fs::read_to_string(folder.join("htpasswd")).unwrap(),
        HTPASSWD
    );
    assert_eq!(leftovers(&folder), Vec::<PathBuf>::new());
}

#[test]
fn the_next_process_removes_the_files_of_a_killed_one() {
    let setup = closed();
    let folder = setup.write();
    let (left, other) = (folder.join("htpasswd.4194304.new"), folder.join("mine.new"));
    fs::write(&left, "ben:half").unwrap();
    fs::write(&other, "another's").unwrap();
    hubgate_with_input(&folder, &["user", "add", "ben"], "first").succeeded();
    assert_eq!(leftovers(&folder), [other]);
}

#[test]
fn the_list_shows_users_and_faults_and_no_hash() {
    let lines = format!("{HTPASSWD}plain:{{PLAIN}}geheim\nnothing\n");
    let setup = closed().file("htpasswd", &lines);
    let folder = setup.write();
    let table = hubgate(&folder, &["user", "list"]).succeeded();
    for text in ["anna", "$apr1$", "{PLAIN} (clear text)", "no colon"] {
        assert!(table.contains(text), "{table}");
    }
    let json = hubgate(&folder, &["user", "list", "--json"]).succeeded();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({"user": "anna", "hash": "$apr1$", "line": 1, "fault": null})
    );
    assert_eq!(
        (&json[1]["user"], &json[1]["hash"]),
        (&"plain".into(), &serde_json::Value::Null)
    );
    assert_eq!(json[2]["line"], 3);
    let all = format!("{table}{json}");
    assert!(!all.contains("geheim") && !all.contains("rYNu03"), "{all}");
}

#[test]
fn several_password_files_require_a_choice() {
    let site = "{hosts: [other.test], certificate: self-signed, upstream: 'http://127.0.0.1:1', \
                access: {password: others}}";
    let setup = closed().other_site(site).file("others", HTPASSWD);
    let folder = setup.write();
    let ran = hubgate_with_input(&folder, &["user", "add", "ben"], "secret");
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.stderr.contains("--site HOST or --file FILE"),
        "{}",
        ran.stderr
    );
    for choice in [["--site", "other.test"], ["--file", "htpasswd"]] {
        let arguments = [["user", "add"], ["ben", choice[0]]].concat();
        let arguments = [arguments, vec![choice[1]]].concat();
        hubgate_with_input(&folder, &arguments, "secret").succeeded();
    }
    for file in ["htpasswd", "others"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(text.lines().count(), 2, "{file}");
    }
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_kept() {
    let setup = closed();
    let folder = setup.write();
    let names: Vec<_> = (0..6).map(|number| format!("user{number}")).collect();
    let mut running: Vec<_> = names
        .iter()
        .map(|name| Running::start(&folder, &["user", "add", name]))
        .collect();
    for command in &mut running {
        command.types("secret");
    }
    for command in running {
        command.ended().await.succeeded();
    }
    let text = fs::read_to_string(folder.join("htpasswd")).unwrap();
    assert_eq!(text.lines().count(), 1 + names.len(), "{text}");
}

fn closed() -> Setup {
    Setup::home("http://127.0.0.1:1").password()
}

async fn becomes(gate: &Hubgate, user: &str, password: &str, expected: u16) {
    eventually(DEADLINE, "the change is taken", async || {
        status(gate, user, password).await == expected
    })
    .await;
}

async fn status(gate: &Hubgate, user: &str, password: &str) -> u16 {
    let credential = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let fields = [("authorization", credential.as_str())];
    let mut client = gate.tls().http1().await;
    client
        .exchange(http::Method::GET, "/", &fields, "")
        .await
        .status
}

/// Returns temporary files left beside the file.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "new"))
        .collect()
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    let found = silent.status().is_ok();
    let on_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !on_ci, "{program} is not installed");
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

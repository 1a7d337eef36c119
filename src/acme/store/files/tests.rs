//! The store on a real disk.

use std::{os::unix::fs::PermissionsExt, process::Command};

use super::*;
use crate::tls::testing::Folder;

fn store(folder: &Folder) -> FileStore {
    FileStore::open(&folder.path("state"))
}

fn certificate() -> Entry {
    Entry::new(Kind::Certificate, "*.example.org")
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_entry_is_read_listed_and_removed() {
    let folder = Folder::new();
    let store = store(&folder);
    let account = Entry::new(Kind::Account, "https://ca.example/directory");
    assert_eq!(store.read(&account).unwrap(), None);
    assert_eq!(store.list(Kind::Account).unwrap(), []);
    assert!(!folder.path("state").exists(), "a read creates nothing");
    store.write(&account, b"key").unwrap();
    assert_eq!(store.read(&account).unwrap().unwrap(), b"key");
    assert_eq!(
        store.list(Kind::Account).unwrap(),
        std::slice::from_ref(&account)
    );
    assert_eq!(store.list(Kind::Certificate).unwrap(), []);
    store.remove(&account).unwrap();
    store.remove(&account).unwrap();
    assert_eq!(store.read(&account).unwrap(), None);
}

#[test]
fn files_are_private_and_a_wider_mode_is_repaired() {
    let folder = Folder::new();
    let store = store(&folder);
    store.write(&certificate(), b"one").unwrap();
    let kind = folder.path("state/acme/certificate");
    let file = kind.join("_2a.example.org.pem");
    assert_eq!((mode(&file), mode(&kind)), (0o600, 0o700));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&kind, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(store.read(&certificate()).unwrap().unwrap(), b"one");
    assert_eq!((mode(&file), mode(&kind)), (0o600, 0o700));
}

#[test]
fn the_two_contents_before_a_certificate_are_kept() {
    let folder = Folder::new();
    let store = store(&folder);
    for content in ["one", "two", "three", "four"] {
        store.write(&certificate(), content.as_bytes()).unwrap();
    }
    let kept = names(&folder.path("state/acme/certificate"));
    let file = "_2a.example.org.pem";
    assert_eq!(
        kept,
        [file.to_owned(), format!("{file}.1"), format!("{file}.2")]
    );
    for expected in ["four", "three", "two"] {
        let content = store.read(&certificate()).unwrap().unwrap();
        assert_eq!(content, expected.as_bytes());
        let place = store.set_aside(&certificate(), &content).unwrap();
        assert!(place.ends_with("_2a.example.org.pem.damaged"), "{place}");
    }
    assert_eq!(store.read(&certificate()).unwrap(), None);
    let place = store.set_aside(&certificate(), b"two").unwrap();
    assert_eq!(place, "gone already");
}

#[test]
fn a_certificate_without_its_newest_file_is_listed_and_removed_whole() {
    let folder = Folder::new();
    let store = store(&folder);
    store.write(&certificate(), b"one").unwrap();
    store.write(&certificate(), b"two").unwrap();
    store.set_aside(&certificate(), b"two").unwrap();
    assert_eq!(store.list(Kind::Certificate).unwrap(), [certificate()]);
    store.write(&certificate(), b"three").unwrap();
    store.set_aside(&certificate(), b"three").unwrap();
    assert_eq!(store.read(&certificate()).unwrap().unwrap(), b"one");
    store.remove(&certificate()).unwrap();
    assert_eq!(store.list(Kind::Certificate).unwrap(), []);
}

#[test]
fn a_failed_write_reports_place_cause_and_cure() {
    let folder = Folder::new();
    let store = store(&folder);
    let order = Entry::new(Kind::Order, "home");
    folder.write("state", "a file where the folder should be");
    let fault = store.write(&order, b"one").unwrap_err().to_string();
    assert!(
        fault.contains("order/home.json: cannot be written ("),
        "{fault}"
    );
    assert!(
        fault.ends_with("; move away what is in its place"),
        "{fault}"
    );
}

#[test]
fn the_fault_of_a_full_disk_names_its_cure() {
    let full = io::ErrorKind::StorageFull.into();
    let fault = Fault::from_io(Path::new("a.pem"), "cannot be written", &full).to_string();
    assert!(fault.ends_with("; free some space on the disk"), "{fault}");
}

#[test]
fn a_failed_write_keeps_the_old_content() {
    let folder = Folder::new();
    let store = store(&folder);
    store.write(&certificate(), b"old").unwrap();
    // Even root cannot create the temporary file.
    let temporary = format!("_2a.example.org.pem.{}.new", std::process::id());
    let temporary = folder.path("state/acme/certificate").join(temporary);
    fs::create_dir(&temporary).unwrap();
    let fault = store.write(&certificate(), b"new").unwrap_err().to_string();
    assert!(
        fault.ends_with("; move away what is in its place"),
        "{fault}"
    );
    assert_eq!(store.read(&certificate()).unwrap().unwrap(), b"old");
    fs::remove_dir(&temporary).unwrap();
    store.write(&certificate(), b"new").unwrap();
    assert_eq!(store.read(&certificate()).unwrap().unwrap(), b"new");
}

#[test]
fn a_lock_is_exclusive_until_it_is_dropped() {
    let folder = Folder::new();
    let (one, two) = (store(&folder), store(&folder));
    let held = one.lock(&certificate()).unwrap().unwrap();
    assert!(two.lock(&certificate()).unwrap().is_none());
    assert!(two.lock(&Entry::new(Kind::Order, "a")).unwrap().is_some());
    drop(held);
    assert!(two.lock(&certificate()).unwrap().is_some());
    assert_eq!(one.list(Kind::Certificate).unwrap(), []);
}

#[test]
fn a_killed_process_holds_no_lock() {
    let folder = Folder::new();
    let store = store(&folder);
    drop(store.lock(&certificate()).unwrap());
    let file = folder.path("state/acme/certificate/_2a.example.org.pem.lock");
    let mut other = Command::new("flock")
        .arg("--no-fork")
        .arg(&file)
        .args(["sh", "-c", "echo held; exec cat"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 5];
    io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut line).unwrap();
    assert!(store.lock(&certificate()).unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(store.lock(&certificate()).unwrap().is_some());
}

#[test]
fn a_content_newer_than_the_damaged_one_stays() {
    let folder = Folder::new();
    let store = store(&folder);
    store.write(&certificate(), b"damaged").unwrap();
    store.write(&certificate(), b"new").unwrap();
    store.set_aside(&certificate(), b"damaged").unwrap();
    assert_eq!(store.read(&certificate()).unwrap().unwrap(), b"new");
}

//! The file of the register: mode, damage, changes at once.

use std::{fs, os::unix::fs::PermissionsExt, thread};

use tempfile::TempDir;
use time::OffsetDateTime;

use super::*;
use crate::access::passkey::{
    encoded::CredentialId,
    public_key::Algorithm,
    register::{Owner, Passkey},
    registration::Registered,
    testing::{Authenticator, NOW, handle, verify_registration},
};

fn add(file: &PasskeyFile, registered: &Registered) -> Result<(), StoreError> {
    let anna = handle("anna");
    let owner = Owner {
        name: "Anna's phone",
        user_handle: &anna,
        rp_id: "home.example.org",
    };
    file.change(&mut |register| register.add(registered.clone(), owner, NOW))
}

fn registered() -> Registered {
    verify_registration(&Authenticator::new(Algorithm::EdDsa).register()).unwrap()
}

fn revoke(register: &mut Register) -> Result<(), CeremonyError> {
    register.revoke("Anna's phone", OffsetDateTime::UNIX_EPOCH);
    Ok(())
}

/// A file in a new folder.
fn file() -> (TempDir, PasskeyFile) {
    let folder = tempfile::tempdir().unwrap();
    let file = PasskeyFile::new(&folder.path().join("state"));
    (folder, file)
}

#[test]
fn passkeys_are_stored_in_a_private_file() {
    let (_folder, file) = file();
    assert_eq!(file.load().unwrap(), Register::default());
    add(&file, &registered()).unwrap();
    let mode = fs::metadata(file.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = file.path().parent().unwrap();
    assert_eq!(
        fs::metadata(folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(file.load().unwrap().passkeys().len(), 1);
}

#[test]
fn refused_change_writes_nothing() {
    let (_folder, file) = file();
    add(&file, &registered()).unwrap();
    let before = fs::read(file.path()).unwrap();
    let refused = add(&file, &registered());
    assert!(matches!(
        refused,
        Err(StoreError::Refused(CeremonyError::AlreadyRegistered))
    ));
    assert_eq!(fs::read(file.path()).unwrap(), before);
}

#[test]
fn damaged_or_newer_file_is_named_and_stays_as_it_is() {
    let (_folder, file) = file();
    add(&file, &registered()).unwrap();
    let whole = fs::read_to_string(file.path()).unwrap();
    for (text, fault) in [
        (whole[..100].to_owned(), "damaged"),
        (String::new(), "damaged"),
        (
            whole.replace("\"version\": 1", "\"version\": 9"),
            "of version 9",
        ),
    ] {
        fs::write(file.path(), &text).unwrap();
        for message in [
            format!("{:#}", file.load().unwrap_err()),
            add(&file, &registered()).unwrap_err().to_string(),
            file.change(&mut revoke).unwrap_err().to_string(),
        ] {
            assert!(
                message.contains("passkeys.json: ") && message.contains(fault),
                "{message}"
            );
        }
        assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
    }
    fs::write(file.path(), &whole).unwrap();
    file.change(&mut revoke).unwrap();
    assert!(file.load().unwrap().passkeys()[0].revoked.is_some());
}

#[test]
fn unreadable_or_unwritable_place_is_named() {
    let (folder, _) = file();
    fs::write(folder.path().join("file"), "").unwrap();
    let below = PasskeyFile::new(&folder.path().join("file"));
    assert!(format!("{:#}", below.load().unwrap_err()).contains("cannot be read"));
    assert!(
        add(&below, &registered())
            .unwrap_err()
            .to_string()
            .contains("cannot be locked")
    );
    let taken = PasskeyFile::new(folder.path());
    fs::create_dir(taken.path()).unwrap();
    assert!(format!("{:#}", taken.load().unwrap_err()).contains("cannot be read"));
}

#[test]
fn of_many_changes_at_once_none_is_lost() {
    let (_folder, file) = file();
    thread::scope(|scope| {
        for number in 0..8_u8 {
            let file = &file;
            scope.spawn(move || {
                let id = CredentialId::new(&[number]).unwrap();
                add(file, &Registered { id, ..registered() }).unwrap();
            });
        }
    });
    let register = file.load().unwrap();
    let ids = register
        .passkeys()
        .iter()
        .map(|passkey: &Passkey| passkey.id.clone());
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8);
}

//! Private files, and links and pipes in their place.

use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::{private_file::*, tls::testing::Folder};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn written_file_is_private_and_has_no_temporary_file_beside_it() {
    let folder = Folder::new();
    let file = folder.path("keys/a.pem");
    PrivateFile(&file).write(b"one").unwrap();
    fs::set_permissions(folder.path("keys"), Permissions::from_mode(0o755)).unwrap();
    PrivateFile(&file).write(b"two").unwrap();
    assert_eq!(PrivateFile(&file).read().unwrap(), b"two");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&folder.path("keys")), 0o700);
    assert_eq!(fs::read_dir(folder.path("keys")).unwrap().count(), 1);
}

#[test]
fn close_restricts_file_and_folder_to_their_owner() {
    let folder = Folder::new();
    let file = folder.path("keys/a.pem");
    PrivateFile(&file).write(b"one").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path("keys"), Permissions::from_mode(0o755)).unwrap();
    PrivateFile(&file).restrict().unwrap();
    assert_eq!((mode(&file), mode(&folder.path("keys"))), (0o600, 0o700));
}

#[test]
fn link_in_place_of_a_file_or_temporary_file_is_replaced_and_never_followed() {
    let folder = Folder::new();
    let other = folder.write("other", "other");
    let file = folder.path("keys/a.pem");
    PrivateFolder(&folder.path("keys"))
        .create_if_missing()
        .unwrap();
    symlink(&other, &file).unwrap();
    symlink(&other, TemporaryFile::of(&file).path).unwrap();
    PrivateFile(&file).write(b"one").unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"other");
    assert!(!file.is_symlink());
    assert_eq!(PrivateFile(&file).read().unwrap(), b"one");
}

#[test]
fn pipe_or_folder_in_place_of_a_file_is_refused_without_waiting() {
    let folder = Folder::new();
    let [pipe, inner] = ["pipe", "inner"].map(|name| folder.path(name));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    fs::create_dir(&inner).unwrap();
    let faults = [
        PrivateFile(&pipe).read().unwrap_err(),
        PrivateFile(&pipe).open_lock().unwrap_err(),
        PrivateFile(&pipe).open_existing_lock().unwrap_err(),
        PrivateFile(&inner).read().unwrap_err(),
    ];
    for fault in faults {
        assert!(fault.to_string().contains("not a regular file"), "{fault}");
    }
}

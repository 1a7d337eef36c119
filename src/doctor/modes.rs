//! Who may read and write what must stay private.

use std::{collections::BTreeSet, fs, io, os::unix::fs::PermissionsExt, path::Path};

use super::Finding;
use crate::{
    config::model::{Access, Config, EditedValue},
    regular_file,
};

/// Files of the state folder that are looked at; there are hardly so many.
const MOST: usize = 5000;

const SUBJECT: &str = "files";

/// Whether others may write the configuration: who may, decides who enters.
pub(super) fn of_configuration(path: &Path) -> Vec<Finding> {
    wide(path, 0o002, "everybody may write it", "chmod o-w")
        .into_iter()
        .collect()
}

/// Whether others may read or write what is hubgate's or the operator's own.
pub(super) fn findings(path: &Path, config: &Config) -> Vec<Finding> {
    let mut found = of_configuration(path);
    let passwords: BTreeSet<_> = config
        .sites
        .iter()
        .flat_map(|site| site.rules())
        .filter_map(|rule: &Access| rule.password.as_deref())
        .collect();
    found.extend(passwords.into_iter().filter_map(of_passwords));
    let secret = "everybody may read the value of a header, or write it";
    let secrets = secret_headers(config);
    found.extend(
        secrets
            .into_iter()
            .filter_map(|file| wide(file, 0o007, secret, "chmod o=")),
    );
    let exported = config
        .acme
        .export
        .as_ref()
        .map(|export| export.folder.as_path());
    found.extend(of_state(&config.state, exported));
    if found.is_empty() {
        let good = format!("{} and the passwords are private", config.state.display());
        found.push(Finding::ok(SUBJECT, good));
    }
    found
}

/// The files of `upstream.headers`.
fn secret_headers(config: &Config) -> BTreeSet<&Path> {
    let sites = config.sites.iter();
    sites
        .flat_map(|site| site.upstreams())
        .flat_map(|upstream| &upstream.headers)
        .filter_map(|edit| match &edit.value {
            EditedValue::File(file) => Some(file.as_path()),
            EditedValue::Text(_) | EditedValue::Removed => None,
        })
        .collect()
}

/// openHABian makes its file readable to everybody, which is the operator's to know.
fn of_passwords(file: &Path) -> Option<Finding> {
    let written = "everybody may write these password hashes";
    let readable = "everybody on this machine may read these password hashes";
    wide(file, 0o002, written, "chmod o=").or_else(|| {
        let found = wide(file, 0o005, readable, "chmod o=")?;
        let place = file.display();
        Some(Finding::warn(SUBJECT, found.cause).cure(format!(
            "where only hubgate uses it: chgrp hubgate {place} && chmod 0640 {place}"
        )))
    })
}

/// A finding, when a file gives others one of these rights.
fn wide(file: &Path, rights: u32, cause: &str, command: &str) -> Option<Finding> {
    let place = file.display();
    match fs::metadata(file) {
        // That it is missing is told where it is needed.
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
        Err(fault) => Some(unreadable(file, &fault)),
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            (mode & rights != 0).then(|| {
                Finding::fail(SUBJECT, format!("{place}: {cause} (mode {mode:04o})"))
                    .cure(format!("run: {command} {place}"))
            })
        }
    }
}

fn unreadable(file: &Path, fault: &io::Error) -> Finding {
    let cause = format!("{}: cannot be looked at: {fault}", file.display());
    Finding::warn(SUBJECT, cause).cure("start this with sudo, or see to its disk")
}

/// The folder, and every secret in it; copies that are exported are for other programs.
fn of_state(state: &Path, exported: Option<&Path>) -> Vec<Finding> {
    let (mut found, mut secrets) = (Vec::new(), 0);
    let (mut folders, mut left) = (vec![state.to_owned()], MOST);
    while let Some(folder) = folders.pop() {
        match fs::read_dir(&folder) {
            Ok(entries) => {
                let paths = entries.flatten().take(left).map(|it| it.path());
                let paths: Vec<_> = paths
                    .filter(|path| Some(path.as_path()) != exported)
                    .collect();
                left -= paths.len();
                folders.extend(paths.iter().filter(|path| is_folder(path)).cloned());
                let own: Vec<_> = paths.iter().filter(|path| is_secret(path)).collect();
                secrets += own.len();
                found.extend(own.into_iter().filter_map(|path| of_secret(path)));
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
            Err(fault) => found.push(unreadable(&folder, &fault)),
        }
    }
    let open = "others than its owner may enter this folder, where the keys are";
    // Without a key in it, it is closed when hubgate writes the first one.
    let wide = wide(state, 0o077, open, "chmod 700").filter(|_| secrets > 0);
    wide.into_iter().chain(found).collect()
}

/// A link leads out, to what is not hubgate's.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

fn is_secret(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    is_file && !is_for_everybody(path)
}

fn of_secret(path: &Path) -> Option<Finding> {
    let read = "others than its owner may read or write it, and it may be a secret";
    wide(path, 0o077, read, "chmod 600")
}

/// Notes, lists of what is revoked, and certificates without a key.
fn is_for_everybody(path: &Path) -> bool {
    // It comes with the source, in the folder that is the default.
    if path.file_name().is_some_and(|it| it == ".gitignore") {
        return true;
    }
    match path.extension().and_then(|it| it.to_str()) {
        Some("md" | "crl" | "crt" | "cer") => true,
        Some("pem") => regular_file::read(path).is_ok_and(|text| !has_key(&text)),
        _ => false,
    }
}

fn has_key(text: &[u8]) -> bool {
    let mark = b"PRIVATE KEY-----";
    text.windows(mark.len()).any(|it| it == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doctor::Level, tls::testing::Folder};

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_that_others_may_read_fails_and_a_certificate_does_not() {
        let folder = Folder::new();
        let key = folder.write("deep.pem", "-----BEGIN PRIVATE KEY-----");
        let certificate = folder.write("home.pem", "-----BEGIN CERTIFICATE-----");
        let state = key.parent().unwrap();
        set(state, 0o700);
        let ignored = folder.write(".gitignore", "*");
        for file in [&key, &certificate, &ignored] {
            set(file, 0o644);
        }
        let found = of_state(state, None);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].cause.contains("deep.pem"), "{found:?}");
        assert_eq!(found[0].level, Level::Fail);
        set(&key, 0o600);
        assert_eq!(of_state(state, None), []);
    }

    #[test]
    fn a_folder_that_others_may_enter_fails_and_a_missing_one_is_made_later() {
        let folder = Folder::new();
        let state = folder.path("state");
        assert_eq!(of_state(&state, None), []);
        fs::create_dir(&state).unwrap();
        set(&state, 0o755);
        assert_eq!(
            of_state(&state, None),
            [],
            "it is closed with the first key"
        );
        fs::write(state.join("key"), "").unwrap();
        set(&state.join("key"), 0o600);
        assert!(of_state(&state, None)[0].cause.contains("mode 0755"));
    }

    #[test]
    fn readable_passwords_are_warned_of_and_writable_ones_fail() {
        let folder = Folder::new();
        let file = folder.write("htpasswd", "anna:x");
        set(&file, 0o644);
        let found = of_passwords(&file).unwrap();
        assert_eq!(found.level, Level::Warn);
        assert!(found.cure.unwrap().contains("chgrp hubgate"));
        set(&file, 0o666);
        assert_eq!(of_passwords(&file).unwrap().level, Level::Fail);
        set(&file, 0o640);
        assert_eq!(of_passwords(&file), None);
    }

    #[test]
    fn exported_copies_are_for_other_programs() {
        let folder = Folder::new();
        let export = folder.path("export");
        fs::create_dir(&export).unwrap();
        fs::write(export.join("privkey.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
        let state = export.parent().unwrap();
        set(state, 0o700);
        set(&export.join("privkey.pem"), 0o640);
        assert_eq!(of_state(state, Some(&export)), []);
        assert_eq!(of_state(state, None).len(), 1);
    }
}
